import { PROGRESS_BYTES } from './worker-protocol.js';

/** Size of a slot: kind (Int32) and length (Int32), then start, run and value (Float64). */
const SLOT_BYTES = 32;
const KIND = 0;
const LENGTH = 1;
const STARTED_AT = 1;
const RUN = 2;
const VALUE = 3;
/** Room for text, a call. A longer one makes up for its message. */
const TEXT_BYTES = 256;

/* Kinds of what a slot holds. */
const NOTHING = 0;
/** The result was posted. */
const POSTED = 1;
const UNDEFINED = 2;
const NULL = 3;
const FALSE = 4;
const TRUE = 5;
const NUMBER = 6;
const TEXT = 7;

/** Text of which each character is one byte. */
// oxlint-disable-next-line no-control-regex -- The range begins with what a byte can be: zero.
const LATIN1 = /^[\0-\xff]*$/;

/** The size of the shared memory of a chunk of so many calls. */
export function chunkBytes(calls: number): number {
  return PROGRESS_BYTES + calls * (SLOT_BYTES + TEXT_BYTES);
}

/**
 * The results of a chunk in its shared memory, a slot each: the worker writes, the dispatcher reads.
 * They take what is small and has no parts, which is dearer to post than to compute as a rule.
 *
 * @internal
 */
export class ResultSlots {
  readonly #ints: Int32Array;
  readonly #floats: Float64Array;
  readonly #memory: SharedArrayBuffer;
  #text: Buffer | undefined;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
    this.#ints = new Int32Array(memory, PROGRESS_BYTES);
    this.#floats = new Float64Array(memory, PROGRESS_BYTES);
  }

  /**
   * Writes a result.
   *
   * @param startedAt epoch time in ms
   * @param run in ms
   * @returns whether it is one for a slot; if not, nothing is written
   */
  write(index: number, value: unknown, startedAt: number, run: number): boolean {
    const kind = this.#put(index, value);
    if (kind === NOTHING) return false;
    this.#floats[index * 4 + STARTED_AT] = startedAt;
    this.#floats[index * 4 + RUN] = run;
    Atomics.store(this.#ints, index * 8 + KIND, kind);
    return true;
  }

  /** Notes that a result was posted. */
  markPosted(index: number): void {
    Atomics.store(this.#ints, index * 8 + KIND, POSTED);
  }

  /** Whether there is a result: here, or posted. */
  has(index: number): boolean {
    return this.#kind(index) !== NOTHING;
  }

  isPosted(index: number): boolean {
    return this.#kind(index) === POSTED;
  }

  startedAt(index: number): number {
    return this.#floats[index * 4 + STARTED_AT] as number;
  }

  run(index: number): number {
    return this.#floats[index * 4 + RUN] as number;
  }

  value(index: number): unknown {
    switch (this.#kind(index)) {
      case NUMBER:
        return this.#floats[index * 4 + VALUE];
      case TEXT: {
        const start = index * TEXT_BYTES;
        const end = start + (this.#ints[index * 8 + LENGTH] as number);
        return this.#texts.toString('latin1', start, end);
      }
      case TRUE:
        return true;
      case FALSE:
        return false;
      case NULL:
        return null;
      default:
        return undefined;
    }
  }

  #kind(index: number): number {
    return Atomics.load(this.#ints, index * 8 + KIND);
  }

  #put(index: number, value: unknown): number {
    switch (typeof value) {
      case 'number':
        this.#floats[index * 4 + VALUE] = value;
        return NUMBER;
      case 'string':
        if (value.length > TEXT_BYTES || !LATIN1.test(value)) return NOTHING;
        this.#texts.write(value, index * TEXT_BYTES, 'latin1');
        this.#ints[index * 8 + LENGTH] = value.length;
        return TEXT;
      case 'boolean':
        return value ? TRUE : FALSE;
      case 'undefined':
        return UNDEFINED;
      default:
        return value === null ? NULL : NOTHING;
    }
  }

  /** The room for text, behind the slots. */
  get #texts(): Buffer {
    if (this.#text === undefined) {
      const room = this.#memory.byteLength - PROGRESS_BYTES;
      const calls = room / (SLOT_BYTES + TEXT_BYTES);
      this.#text = Buffer.from(this.#memory, PROGRESS_BYTES + calls * SLOT_BYTES);
    }
    return this.#text;
  }
}
