/**
 * One pass, as it went.
 *
 * @publicApi
 */
export interface PassRecord {
  /** From 1. */
  readonly pass: number;
  /** ms from the start of the first pass to the start of this one. */
  readonly start: number;
  /** ms from its start to its end; of the current pass: up to now. */
  readonly duration: number;
  /** Keys of the futures that it submitted or declared. */
  readonly submitted: readonly string[];
}

/**
 * What each pass took and submitted.
 *
 * @internal
 */
export class PassLog {
  /** Time origin of the request, on the clock of `performance.now()`, in ms. */
  readonly origin = performance.now();
  readonly #ended: PassRecord[] = [];
  #begun = this.origin;
  #submitted: Set<string> | undefined;

  /** The passes that were discarded. */
  get ended(): readonly PassRecord[] {
    return this.#ended;
  }

  get current(): PassRecord {
    return {
      pass: this.#ended.length + 1,
      start: this.#begun - this.origin,
      duration: performance.now() - this.#begun,
      submitted: this.#submitted === undefined ? [] : [...this.#submitted],
    };
  }

  submitted(key: string): void {
    (this.#submitted ??= new Set()).add(key);
  }

  end(): void {
    this.#ended.push(this.current);
    this.#submitted = undefined;
  }

  begin(): void {
    this.#begun = performance.now();
  }
}
