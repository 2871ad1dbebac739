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

/** A pass as it is noted: most requests end without anyone asking for a record of it. */
interface Entry {
  begun: number;
  /** In the order of submission; a key that was dropped and submitted again is there twice. */
  readonly keys: string[];
}

/**
 * What each pass took and submitted.
 *
 * @internal
 */
export class PassLog {
  /** Time origin of the request, on the clock of `performance.now()`, in ms. */
  readonly origin = performance.now();
  readonly #ended: (Entry & { readonly end: number })[] = [];
  #current: Entry = { begun: this.origin, keys: [] };

  /** The passes that were discarded. */
  get ended(): readonly PassRecord[] {
    return this.#ended.map((entry, i) => this.#record(entry, i + 1, entry.end));
  }

  /** Stands for the pass that runs. */
  get token(): object {
    return this.#current;
  }

  get current(): PassRecord {
    return this.#record(this.#current, this.#ended.length + 1, performance.now());
  }

  submitted(key: string): void {
    this.#current.keys.push(key);
  }

  end(): void {
    const { begun, keys } = this.#current;
    const end = performance.now();
    this.#ended.push({ begun, keys, end });
    this.#current = { begun: end, keys: [] };
  }

  begin(): void {
    this.#current.begun = performance.now();
  }

  #record({ begun, keys }: Entry, pass: number, end: number): PassRecord {
    const start = begun - this.origin;
    return { pass, start, duration: end - begun, submitted: [...new Set(keys)] };
  }
}
