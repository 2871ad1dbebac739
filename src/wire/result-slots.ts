import { toUSVString } from 'node:util';
import type { Transferable } from 'node:worker_threads';
import { Form, type Packed } from './codec.js';
import { isPlainData } from './plain-data.js';
import { byteLengthOf, stringify } from './primordials.js';
import { onePerThread } from './one-per-thread.js';
import { PROGRESS_BYTES } from './protocol.js';

// Taken before any task is loaded, as in primordials.ts.
const { load, store } = Atomics;

/** Size of a slot: kind, length (Int32), start, run (Float64), then a number or a text's offset. */
const SLOT_BYTES = 32;
const KIND = 0;
const LENGTH = 1;
const PLACE = 6;
const STARTED_AT = 1;
const RUN = 2;
const NUMBER_AT = 3;
/** Room for text behind the slots, in bytes per call. */
const TEXT_BYTES = 256;
/** The least room for text, and the longest text, in bytes; a longer one is worth posting. */
const MAX_TEXT_BYTES = 1024;

/* Kinds of slot contents. */
const NOTHING = 0;
/** The result was posted. */
const POSTED = 1;
const UNDEFINED = 2;
const NULL = 3;
const FALSE = 4;
const TRUE = 5;
const NUMBER = 6;
const TEXT = 7;
const JSON_TEXT = 8;

/** The size of the shared memory of a message, in bytes. */
export function messageBytes(calls: number): number {
  return textStart(calls) + Math.max(MAX_TEXT_BYTES, calls * TEXT_BYTES);
}

function textStart(calls: number): number {
  return PROGRESS_BYTES + calls * SLOT_BYTES;
}

/**
 * The results of a message in its shared memory, one slot per call. The worker writes them, the
 * scheduler reads them. Slots hold small results, which usually cost more to post than to compute.
 * Objects are written as JSON, if JSON keeps everything in them.
 *
 * @internal
 */
export class ResultSlots {
  readonly #ints: Int32Array;
  readonly #floats: Float64Array;
  readonly #memory: SharedArrayBuffer;
  /** Where the text begins, in bytes. */
  readonly #start: number;
  #text: Buffer | undefined;
  /** How many bytes of text are written. */
  #written = 0;
  readonly #maxText: number;

  /** @param maxBytes the most bytes that one result may have */
  constructor(memory: SharedArrayBuffer, calls: number, maxBytes = Infinity) {
    this.#maxText = Math.min(maxBytes, MAX_TEXT_BYTES);
    this.#memory = memory;
    this.#start = textStart(calls);
    this.#ints = new Int32Array(memory, PROGRESS_BYTES);
    this.#floats = new Float64Array(memory, PROGRESS_BYTES);
  }

  /**
   * Writes a result.
   *
   * @param startedAt ms on the monotonic clock
   * @param run ms
   * @returns whether the result fits into a slot; if not, nothing is written
   */
  write(index: number, value: unknown, startedAt: number, run: number): boolean {
    const kind = this.#put(index, value);
    if (kind === NOTHING) return false;
    this.#floats[index * 4 + STARTED_AT] = startedAt;
    this.#floats[index * 4 + RUN] = run;
    store(this.#ints, index * 8 + KIND, kind);
    return true;
  }

  /** Notes that a result was posted. */
  markPosted(index: number): void {
    store(this.#ints, index * 8 + KIND, POSTED);
  }

  /** Whether there is a result: in the slot, or posted. */
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

  /** Whether the result is a primitive value. */
  isPrimitive(index: number): boolean {
    const kind = this.#kind(index);
    return kind >= UNDEFINED && kind <= TEXT;
  }

  primitive(index: number): unknown {
    switch (this.#kind(index)) {
      case NUMBER:
        return this.#floats[index * 4 + NUMBER_AT];
      case TEXT:
        return this.#readText(index);
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

  /** A result that is not primitive, as a copy that shares nothing with this memory. */
  packed(index: number): Packed {
    // The worker has broken the protocol if the kind is another: the empty text cannot be read.
    return [Form.Json, this.#kind(index) === JSON_TEXT ? this.#readText(index) : ''];
  }

  #kind(index: number): number {
    return load(this.#ints, index * 8 + KIND);
  }

  #put(index: number, value: unknown): number {
    switch (typeof value) {
      case 'number':
        this.#floats[index * 4 + NUMBER_AT] = value;
        return NUMBER;
      case 'string':
        return this.#putText(index, value) ? TEXT : NOTHING;
      case 'boolean':
        return value ? TRUE : FALSE;
      case 'undefined':
        return UNDEFINED;
      case 'object':
        if (value === null) return NULL;
        return this.#putObject(index, value) ? JSON_TEXT : NOTHING;
      default:
        return NOTHING;
    }
  }

  #putObject(index: number, value: object): boolean {
    try {
      if (transferListOf(value).length > 0 || !isPlainData(value, this.#maxText)) return false;
      return this.#putText(index, stringify(value));
    } catch {
      // A getter threw; posting the result finds out which one.
      return false;
    }
  }

  #putText(index: number, text: string): boolean {
    if (text.length > this.#maxText) return false;
    const size = byteLengthOf(text);
    const end = this.#written + size;
    if (size > this.#maxText) return false;
    // Half a surrogate pair cannot be written as UTF-8.
    if (end > this.#texts.length || toUSVString(text) !== text) return false;
    this.#ints[index * 8 + PLACE] = this.#written;
    this.#ints[index * 8 + LENGTH] = this.#texts.write(text, this.#written);
    this.#written = end;
    return true;
  }

  #readText(index: number): string {
    const place = this.#ints[index * 8 + PLACE] as number;
    return this.#texts.toString('utf8', place, place + (this.#ints[index * 8 + LENGTH] as number));
  }

  /** The room for text, behind the slots. */
  get #texts(): Buffer {
    return (this.#text ??= Buffer.from(this.#memory, this.#start));
  }
}

/**
 * What is moved with a task's result instead of copied, by result.
 *
 * @internal
 */
export const transferLists = onePerThread(
  'transfer-lists',
  () => new WeakMap<object, readonly Transferable[]>(),
);

/** What is moved with `result` instead of copied. */
export function transferListOf(result: unknown): readonly Transferable[] {
  if (typeof result !== 'object' || result === null) return NO_TRANSFER;
  return transferLists.get(result) ?? NO_TRANSFER;
}

const NO_TRANSFER: readonly Transferable[] = [];
