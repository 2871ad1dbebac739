import { Logger } from '@nestjs/common';
import { Form, pack, unpack } from '../wire/codec.js';
import { told } from '../errors/outside-text.js';

const logger = new Logger('Futures');

/** The largest value of which a copy is kept, in bytes; of what a worker has sent, its bytes are there anyway. */
const MAX_COPY = 64 * 1024;

/**
 * A value that several passes are given: what one of them does to it does not reach the next.
 *
 * What a worker has sent is read anew, and so costs a request of two passes nothing. Of values that
 * were made on the event loop a copy is kept if they are small and plain. Larger ones are frozen,
 * and large binary data is compared, where `NODE_ENV` is not `production`, so that a handler that
 * changes them is told.
 *
 * @internal
 */
export class SharedValue {
  readonly #key: string;
  #value: unknown;
  #again: (() => unknown) | undefined;
  /** The pass that was given it last. */
  #reader: object | undefined;

  constructor(key: string, value: unknown, again: (() => unknown) | undefined) {
    this.#key = key;
    this.#value = value;
    this.#again = again;
  }

  /** @param reader the pass that asks */
  read(reader: object): unknown {
    if (this.#reader === reader || !isObject(this.#value)) return this.#value;
    if (this.#reader === undefined) this.#again ??= this.#keep(this.#value);
    else if (this.#again !== undefined) this.#value = this.#again();
    this.#reader = reader;
    return this.#value;
  }

  /** Has it that the value can be given again as it is now. */
  #keep(value: object): (() => unknown) | undefined {
    if (ArrayBuffer.isView(value)) return this.#keepBytes(value);
    try {
      const packed = pack(value, { maxBytes: MAX_COPY, maxJson: MAX_COPY, canShare: true });
      // In any other form, an instance of a class would lose its class.
      if (packed[0] === Form.Json) return () => unpack(packed);
    } catch {
      // It is large, or no data.
    }
    if (isDevelopment()) freeze(value);
    return undefined;
  }

  #keepBytes(view: ArrayBufferView): (() => unknown) | undefined {
    if (view.byteLength > MAX_COPY && !isDevelopment()) return undefined;
    const { buffer, byteOffset, byteLength } = view;
    const copy = Buffer.from(new Uint8Array(buffer, byteOffset, byteLength));
    return () => {
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
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isDevelopment(): boolean {
  return process.env.NODE_ENV !== 'production';
}

/** Plain objects and lists, and such in them; instances of classes are left alone. */
function freeze(root: object): void {
  const seen = new Set<object>([root]);
  for (const each of seen) {
    const prototype: unknown = Object.getPrototypeOf(each);
    const isPlain = prototype === null || Object.getPrototypeOf(prototype as object) === null;
    if (!isPlain && !Array.isArray(each)) continue;
    Object.freeze(each);
    for (const part of Object.values(each)) if (isObject(part)) seen.add(part);
  }
}
