/** A promise that a test, or what it watches, opens by hand. */
export interface Latch<Value = void> {
  readonly opened: Promise<Value>;
  readonly open: (value: Value) => void;
}

export function latch<Value = void>(): Latch<Value> {
  let open: Latch<Value>['open'] | undefined;
  const opened = new Promise<Value>((resolve) => (open = resolve));
  return { opened, open: (value) => open?.(value) };
}
