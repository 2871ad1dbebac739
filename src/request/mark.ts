/**
 * What the passes of a request did with one key.
 *
 * @internal
 */
export class Mark {
  /** The last pass that asked for the key; 0 if none did. */
  askedIn = 0;
  /** The last pass that got a placeholder, a fallback or a missing-value error; 0 if none did. */
  handedOutIn = 0;
  /** The placeholder or fallback that this pass got, if any. */
  placeholder: unknown;
  /** Whether that pass already had another placeholder, which may be why it asked for this key. */
  isAfterOthers = false;
  /** The last pass that got the value; 0 if none did. */
  readIn = 0;
}

/**
 * The marks of one ledger's keys. A future is its own mark, unless several ledgers share it.
 *
 * @internal
 */
export class Marks {
  /** Marks by key, if ledgers share futures. */
  readonly #own: Map<string, Mark> | undefined;
  /** Marks of keys that have no future yet. */
  #unsubmitted: Map<string, Mark> | undefined;

  constructor(readonly areFuturesShared: boolean) {
    this.#own = areFuturesShared ? new Map() : undefined;
  }

  /** Undefined if futures are shared, and no pass of this ledger used this one. */
  find(future: KeyedMark): Mark | undefined {
    return this.#own === undefined ? future : this.#own.get(future.key);
  }

  of(future: KeyedMark): Mark {
    return this.#own === undefined ? future : markIn(this.#own, future.key);
  }

  /** The mark of a key that has no future yet. */
  ofUnsubmitted(key: string): Mark {
    return markIn(this.#own ?? (this.#unsubmitted ??= new Map<string, Mark>()), key);
  }

  /** The mark that a key got before its first future, which takes the mark over. */
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
