/** A promise that a test opens by hand. */
export interface Latch<Value = void> {
  readonly opened: Promise<Value>;
  readonly open: (value: Value) => void;
}

export function latch<Value = void>(): Latch<Value> {
  let open: (value: Value) => void = () => {};
  const opened = new Promise<Value>((resolve) => (open = resolve));
  return { opened, open };
}

/** For `waitFor` of basic.tasks.js: a thread waits there until it is let go. */
export interface ThreadLatch {
  readonly flag: Int32Array<SharedArrayBuffer>;
  readonly open: () => void;
}

export function threadLatch(): ThreadLatch {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const open = () => {
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  };
  return { flag, open };
}
