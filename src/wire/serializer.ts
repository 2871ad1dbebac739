import { types } from 'node:util';
import { Deserializer, Serializer } from 'node:v8';
import { losesPlatformObject } from './platform-objects.js';
import { typeOf, viewOf } from './views.js';

// By internal slots, not classes: a test runner's sandbox has its own classes.
const { isArrayBuffer, isSharedArrayBuffer } = types;

const NOTHING = new Uint8Array();

/** Node has this method, but its types don't. */
const { _setTreatArrayBufferViewsAsHostObjects: treatViewsAsHostObjects } =
  Serializer.prototype as unknown as {
    _setTreatArrayBufferViewsAsHostObjects(this: Serializer, on: boolean): void;
  };

/* Kinds of objects that V8's serializer leaves to this module. */
/** A view of binary data: its type, its length and its bytes. */
const VIEW = 0;
/** A view of a part: its type, the index of the part, offset and length in bytes. */
const VIEW_OF_PART = 1;
/** A part: its index. */
const PART = 2;

/**
 * Writes a value with V8's serializer, which calls the overridden methods by these names.
 *
 * @internal
 */
export class Writer extends Serializer {
  readonly parts: unknown[] = [];
  /** Whether it holds memory directly, not as a view, that must be shared or moved. */
  holdsBareMemory = false;
  readonly #options: PackOptions;
  #size = 0;

  constructor(options: PackOptions) {
    super();
    // Like Node's DefaultSerializer: otherwise V8 writes each view's whole memory, and no Buffers.
    treatViewsAsHostObjects.call(this, true);
    this.#options = options;
    const { transferList = [] } = options;
    for (let i = 0; i < transferList.length; i++) {
      const each = transferList[i];
      if (!isArrayBuffer(each)) continue;
      const part = this.#partOf(each);
      // V8 keeps registered memory until the next full garbage collection: too long if it's large.
      if (each.byteLength < LARGE) this.transferArrayBuffer(part, each);
    }
  }

  write(value: unknown): Buffer {
    this.writeHeader();
    this.writeValue(value);
    const bytes = this.releaseBuffer();
    TooLarge.check(bytes.byteLength + this.#size, this.#options.maxBytes);
    // If a large part, which isn't registered, was found directly, its bytes are among the others.
    this.holdsBareMemory ||= this.parts.some(
      (part) =>
        isArrayBuffer(part) && part.byteLength >= LARGE && bytes.byteLength > part.byteLength,
    );
    return bytes;
  }

  _getDataCloneError(message: string): Error {
    return new Error(message);
  }

  _getSharedArrayBufferId(memory: SharedArrayBuffer): number {
    if (!this.#options.canShare) throw new Error('shared memory cannot leave the process');
    // Node's deserializer takes shared memory only as a view.
    this.holdsBareMemory = true;
    return this.#partOf(memory);
  }

  _writeHostObject(object: object): void {
    if (ArrayBuffer.isView(object)) {
      this.#writeView(object);
      return;
    }
    if (!this.#options.canShare) throw new Error('it cannot leave the process');
    this.writeUint32(PART);
    this.writeUint32(this.#partOf(object));
  }

  #writeView(view: ArrayBufferView): void {
    const { buffer, byteOffset, byteLength } = view;
    const isShared = isSharedArrayBuffer(buffer);
    if (isShared && !this.#options.canShare) {
      throw new Error('a view of shared memory cannot leave the process');
    }
    if (isShared || this.parts.includes(buffer)) {
      this.#writeViewOfPart(view, this.#partOf(buffer), byteOffset);
    } else if (this.#options.canShare && byteLength >= LARGE) {
      TooLarge.check((this.#size += byteLength), this.#options.maxBytes);
      const copy = buffer.slice(byteOffset, byteOffset + byteLength);
      this.#writeViewOfPart(view, this.parts.push(copy) - 1, 0);
    } else {
      this.writeUint32(VIEW);
      this.writeUint32(typeOf(view));
      this.writeUint32(byteLength);
      this.writeRawBytes(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }

  #writeViewOfPart(view: ArrayBufferView, part: number, byteOffset: number): void {
    this.writeUint32(VIEW_OF_PART);
    this.writeUint32(typeOf(view));
    this.writeUint32(part);
    this.writeDouble(byteOffset);
    this.writeDouble(view.byteLength);
  }

  #partOf(part: unknown): number {
    const known = this.parts.indexOf(part);
    return known === -1 ? this.parts.push(part) - 1 : known;
  }
}

/**
 * Reads what {@link Writer} has written.
 *
 * @internal
 */
export class Reader extends Deserializer {
  #parts: readonly unknown[];
  /** What the reader reads from; Node gives it this name. */
  buffer: Uint8Array;

  constructor(bytes: Uint8Array, parts: readonly unknown[]) {
    super(bytes);
    this.buffer = bytes;
    this.#parts = parts;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      if (isArrayBuffer(part) && part.byteLength < LARGE) this.transferArrayBuffer(i, part);
    }
  }

  read(): unknown {
    this.readHeader();
    const value: unknown = this.readValue();
    // The reader lives until the next full garbage collection, but its input needn't.
    this.#parts = [];
    this.buffer = NOTHING;
    return value;
  }

  _readHostObject(): unknown {
    switch (this.readUint32()) {
      case VIEW: {
        const type = this.readUint32();
        const bytes = this.readRawBytes(this.readUint32());
        // Its own memory: a view of the input would keep all of it, and expose it as `buffer`.
        const memory = new Uint8Array(bytes).buffer;
        return viewOf(type, memory, 0, memory.byteLength);
      }
      case VIEW_OF_PART: {
        const type = this.readUint32();
        const memory = this.#parts[this.readUint32()] as ArrayBuffer;
        return viewOf(type, memory, this.readDouble(), this.readDouble());
      }
      default:
        return this.#parts[this.readUint32()];
    }
  }
}

/** Options of {@link pack}. */
export interface PackOptions {
  /** The most bytes that the value may have. */
  readonly maxBytes: number;
  /** The longest JSON, in characters; 0: none. */
  readonly maxJson: number;
  /** Whether both sides share memory: parts are then posted along, and large ones moved. */
  readonly canShare: boolean;
  /** What is moved instead of copied. */
  readonly transferList?: readonly unknown[] | undefined;
}

/** The value has more bytes than may be sent. */
export class TooLarge extends Error {
  constructor(
    readonly size: number,
    readonly limit: number,
  ) {
    super(`${size} bytes, of which ${limit} are allowed`);
  }

  /** For anything that a getter of a value may throw, including a revoked proxy. */
  static is(value: unknown): value is TooLarge {
    try {
      return value instanceof TooLarge;
    } catch {
      return false;
    }
  }

  /** @throws TooLarge */
  static check(size: number, limit: number): void {
    if (size > limit) throw new TooLarge(size, limit);
  }
}

/** Binary data of at least this many bytes is copied to its own memory, which is then moved. */
export const LARGE = 64 * 1024;

/**
 * Writes a value as bytes that can leave the process. Everything that structured clone keeps is
 * kept, and a Buffer stays a Buffer.
 *
 * @throws what V8, a getter or a proxy throws if it cannot be written or cannot leave the process
 * @publicApi
 */
export function toBytes(value: unknown): Buffer {
  const bytes = new Writer(LEAVING).write(value);
  if (losesPlatformObject(value, bytes)) throw new Error('it cannot leave the process');
  return bytes;
}

const LEAVING: PackOptions = { maxBytes: Infinity, maxJson: 0, canShare: false };

/**
 * Reads what {@link toBytes} has written.
 *
 * @throws Error if it cannot be read: a newer Node wrote it, or it is nested too deeply
 * @publicApi
 */
export function fromBytes(bytes: Uint8Array): unknown {
  return new Reader(bytes, []).read();
}
