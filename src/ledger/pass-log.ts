/** One pass, as it went. */
export interface PassRecord {
  /** From 1. */
  readonly pass: number;
  /** ms from the pass's start to its end; of the current pass: up to now. */
  readonly duration: number;
  /** Keys of the futures it submitted. */
  readonly submitted: readonly string[];
}

/**
 * What each pass took and submitted.
 *
 * @internal
 */
export class PassLog {
  readonly #ended: PassRecord[] = [];
  #begun = performance.now();

  /** The passes that were discarded. */
  get ended(): readonly PassRecord[] {
    return this.#ended;
  }

  begin(): void {
    this.#begun = performance.now();
  }

  end(submitted: readonly string[]): void {
    this.#ended.push(this.current(submitted));
  }

  current(submitted: readonly string[]): PassRecord {
    const pass = this.#ended.length + 1;
    return { pass, duration: performance.now() - this.#begun, submitted };
  }
}
