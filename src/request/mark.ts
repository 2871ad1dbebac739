/**
 * What passes did with a key.
 *
 * @internal
 */
export class Mark {
  /** The last pass that asked for it; 0: none. */
  askedIn = 0;
  /** The last pass that was given a placeholder, a fallback, or an error that it is pending; 0: none. */
  handedOutIn = 0;
  /** What that pass was given, if anything. */
  placeholder: unknown;
  /** Whether that pass had been given another placeholder before: that may be why it asked. */
  isAfterOthers = false;
  /** The last pass that was given the value; 0: none. */
  readIn = 0;
}

/**
 * What the passes of one ledger did with its keys. A future is its own mark, unless several ledgers
 * share it.
 *
 * @internal
 */
export class Marks {
  /** By key, where futures are shared. */
  readonly #own: Map<string, Mark> | undefined;
  /** Of keys that nothing was submitted under yet. */
  #unsubmitted: Map<string, Mark> | undefined;

  constructor(readonly areFuturesShared: boolean) {
    this.#own = areFuturesShared ? new Map() : undefined;
  }

  /** Undefined if this ledger's passes did nothing with the future. */
  find(future: KeyedMark): Mark | undefined {
    return this.#own === undefined ? future : this.#own.get(future.key);
  }

  of(future: KeyedMark): Mark {
    return this.#own === undefined ? future : markIn(this.#own, future.key);
  }

  /** The mark of a key that nothing was submitted under. */
  ofUnsubmitted(key: string): Mark {
    return markIn(this.#own ?? (this.#unsubmitted ??= new Map<string, Mark>()), key);
  }

  /** What was noted before the key's first future was made; a future of its own takes it over. */
  before(key: string): Mark | undefined {
    return this.#unsubmitted?.get(key);
  }

  delete(key: string): void {
    this.#own?.delete(key);
    this.#unsubmitted?.delete(key);
  }
}

interface KeyedMark extends Mark {
  readonly key: string;
}

function markIn(marks: Map<string, Mark>, key: string): Mark {
  let mark = marks.get(key);
  if (mark === undefined) marks.set(key, (mark = new Mark()));
  return mark;
}
