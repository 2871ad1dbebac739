import { Logger } from '@nestjs/common';
import { types } from 'node:util';
import { Form, isReadAnew, pack, unpack } from '../wire/codec.js';
import { told } from '../errors/text.js';

const logger = new Logger('Futures');

/** The largest value that is copied, in bytes. The bytes of a worker's result are kept anyway. */
const MAX_COPY = 64 * 1024;

/** Creates a value again. */
interface Repeatable {
  again(): unknown;
}

/**
 * A value that several passes get. What one of them changes in it does not reach the next.
 *
 * A worker's result is decoded again for each further pass, so a request with two passes pays
 * nothing. A small plain value from the event loop is copied. If `NODE_ENV` is not `production`,
 * larger ones are frozen and large binary data is compared, so that a change is noticed.
 *
 * @internal
 */
export class SharedValue {
  readonly #key: string;
  #value: unknown;
  #source: Repeatable | undefined;
  /** The pass that got the value last. */
  #reader: object | undefined;

  constructor(key: string, value: unknown, source: Repeatable | undefined) {
    this.#key = key;
    this.#value = value;
    this.#source = source;
  }

  /** @param reader the pass that asks */
  read(reader: object): unknown {
    if (this.#reader === reader || !isObject(this.#value)) return this.#value;
    if (this.#reader === undefined) this.#source ??= this.#keep(this.#value);
    else if (this.#source !== undefined) this.#value = this.#source.again();
    this.#reader = reader;
    return this.#value;
  }

  /** What gives the value again as it is now; undefined if nothing can. */
  #keep(value: object): Repeatable | undefined {
    if (ArrayBuffer.isView(value)) return this.#keepBytes(value);
    try {
      const packed = pack(value, { maxBytes: MAX_COPY, maxJson: MAX_COPY, canShare: true });
      // A copy of a class instance would lose its class.
      if (isReadAnew(packed) && (packed[0] === Form.Json || isData(value))) {
        return { again: () => unpack(packed) };
      }
    } catch {
      // It is too large, or cannot be packed.
    }
    if (isDevelopment()) freeze(value);
    return undefined;
  }

  #keepBytes(view: ArrayBufferView): Repeatable | undefined {
    if (view.byteLength > MAX_COPY && !isDevelopment()) return undefined;
    const { buffer, byteOffset, byteLength } = view;
    const copy = Buffer.from(new Uint8Array(buffer, byteOffset, byteLength));
    const again = () => {
      const now = Buffer.from(buffer, byteOffset, byteLength);
      if (now.equals(copy)) return view;
      if (isDevelopment()) {
        logger.warn(
          told`A pass that was discarded has changed the binary value of "${this.#key}". Each pass is given what the task returned; in production, changes to values of more than ${MAX_COPY} bytes would be seen. Change a copy.`,
        );
      }
      now.set(copy);
      return view;
    };
    return { again };
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isDevelopment(): boolean {
  return process.env.NODE_ENV !== 'production';
}

/** Whether a copy keeps everything in it: it holds no instance of a class of the app. */
function isData(root: object): boolean {
  const seen = new Set<object>([root]);
  for (const each of seen) {
    if (types.isDate(each) || types.isRegExp(each) || ArrayBuffer.isView(each)) continue;
    if (types.isMap(each))
      for (const entry of each) for (const part of entry) addObject(seen, part);
    else if (types.isSet(each)) for (const part of each) addObject(seen, part);
    else if (!isPlain(each)) return false;
    for (const part of Object.values(each)) addObject(seen, part);
  }
  return true;
}

/** Freezes plain objects and arrays, nested ones included; class instances are left alone. */
function freeze(root: object): void {
  const seen = new Set<object>([root]);
  for (const each of seen) {
    if (!isPlain(each)) continue;
    Object.freeze(each);
    for (const part of Object.values(each)) addObject(seen, part);
  }
}

function addObject(seen: Set<object>, value: unknown): void {
  if (isObject(value)) seen.add(value);
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
