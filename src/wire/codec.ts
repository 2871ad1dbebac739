import { types } from 'node:util';
import { Deserializer, Serializer } from 'node:v8';
import { isPlainData } from './plain-data.js';
import { holdsPlatformObject } from './platform-objects.js';
import { byteLengthOf, isArray, parse, stringify } from './primordials.js';
import { typeOf, viewOf } from './views.js';

// By internal slots, not classes: a test runner's sandbox has classes of its own.
const { isAnyArrayBuffer, isArrayBuffer, isSharedArrayBuffer, isUint8Array } = types;

/** How a value is written down. */
export enum Form {
  /** Plain data: as JSON, where that keeps all that structured clone keeps. */
  Json,
  /** Text, as it is. */
  Text,
  /** Anything else: bytes of V8's serializer, and the parts that are not bytes. */
  Bytes,
  /** As it is, left to structured clone: what V8's serializer, or Node's part of it, does not know. */
  Value,
}

/** A value on its way between the app and a worker. */
export type Packed = readonly [form: Form, content: unknown, parts?: readonly unknown[]];

/** What {@link pack} may do. */
export interface PackOptions {
  /** The most bytes that the value may have. */
  readonly maxBytes: number;
  /** The longest JSON, in characters; 0: none. */
  readonly maxJson: number;
  /** Whether both sides share memory: parts are then posted along, and large ones moved. */
  readonly canShare: boolean;
  /** What is moved instead of copied. */
  readonly transferList?: readonly unknown[];
}

/** The value has more bytes than may be sent. */
export class TooLarge extends Error {
  constructor(
    readonly size: number,
    readonly limit: number,
  ) {
    super(`${size} bytes, of which ${limit} are allowed`);
  }
}

/** Size from which binary data is copied to memory of its own, which is then moved, in bytes. */
const LARGE = 64 * 1024;

/** Structured clone keeps these; since Node 21 V8's serializer writes them as an empty object: `o{` and a count of 0. */
const EMPTY_OBJECT = Buffer.from([0x6f, 0x7b, 0]);

/**
 * Writes a value down, so that it can be read once or more, and one that cannot be read fails alone.
 *
 * @throws TooLarge, or whatever V8 or a getter of the value throws if it cannot be written
 * @internal
 */
export function pack(value: unknown, options: PackOptions): Packed {
  const { maxBytes, maxJson, transferList = [] } = options;
  if (typeof value === 'string') {
    check(value.length > maxBytes ? value.length : byteLengthOf(value), maxBytes);
    return [Form.Text, value];
  }
  const isObject = typeof value === 'object' && value !== null;
  if (isObject && transferList.length === 0 && isPlain(value, maxJson)) {
    const text = stringify(value);
    check(text.length * 3 <= maxBytes ? 0 : byteLengthOf(text), maxBytes);
    return [Form.Json, text];
  }
  const writer = new Writer(options);
  const bytes = writer.write(value);
  if (writer.holdsSharedMemory) return [Form.Value, value];
  if (isObject && bytes.includes(EMPTY_OBJECT) && holdsPlatformObject(value)) {
    if (!options.canShare) throw new Error('it cannot leave the process');
    return [Form.Value, value];
  }
  return writer.parts.length === 0 ? [Form.Bytes, bytes] : [Form.Bytes, bytes, writer.parts];
}

/**
 * Reads what {@link pack} has written: each time a new value.
 *
 * @throws Error if it cannot be read
 * @internal
 */
export function unpack(packed: Packed): unknown {
  switch (packed[0]) {
    case Form.Json:
      return parse(packed[1] as string);
    case Form.Bytes:
      return new Reader(packed[1] as Uint8Array, packed[2] ?? []).read();
    default:
      return packed[1];
  }
}

/** Whether it is of a form that {@link unpack} takes; what it contains may still be unreadable. */
export function isPacked(value: unknown): value is Packed {
  if (!isArray(value)) return false;
  switch (value[0]) {
    case Form.Json:
    case Form.Text:
      return typeof value[1] === 'string';
    case Form.Bytes:
      return isUint8Array(value[1]) && (value[2] === undefined || isArray(value[2]));
    default:
      return value[0] === Form.Value;
  }
}

/** Adds the memory that is to be moved along with a packed value. */
export function addMovable(packed: Packed, transferList: unknown[]): void {
  if (packed[0] !== Form.Bytes) return;
  const parts = packed[2] ?? [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (isArrayBuffer(part) && !transferList.includes(part))
      transferList[transferList.length] = part;
  }
  const { buffer, byteLength } = packed[1] as Uint8Array;
  // Less is cheaper to copy than to move.
  if (byteLength >= LARGE) transferList[transferList.length] = buffer;
}

/** Whether posting it may be refused, or may be unreadable as a whole. */
export function isPostedAsIs(packed: Packed): boolean {
  if (packed[0] === Form.Value) return true;
  return (packed[2] ?? []).some((part) => !isAnyArrayBuffer(part));
}

function check(size: number, limit: number): void {
  if (size > limit) throw new TooLarge(size, limit);
}

function isPlain(value: object, maxJson: number): boolean {
  try {
    return isPlainData(value, maxJson);
  } catch {
    // A getter has thrown, or it is nested deeply: the serializer finds out.
    return false;
  }
}

/** Kinds of what the serializer leaves to us. */
enum Host {
  /** A view of binary data: its type, its bytes. */
  View,
  /** A view of a part: its type, the index of the part, offset and length in bytes. */
  ViewOfPart,
  /** A part: its index. */
  Part,
}

/** The methods are called by V8, by these names. */
class Writer extends Serializer {
  readonly parts: unknown[] = [];
  /** Whether there is shared memory that is not that of a view. */
  holdsSharedMemory = false;
  readonly #options: PackOptions;
  #size = 0;

  constructor(options: PackOptions) {
    super();
    // As Node's own DefaultSerializer does: else V8 writes each view's whole memory, and no Buffers.
    (
      this as unknown as { _setTreatArrayBufferViewsAsHostObjects(on: boolean): void }
    )._setTreatArrayBufferViewsAsHostObjects(true);
    this.#options = options;
    const { transferList = [] } = options;
    for (let i = 0; i < transferList.length; i++) {
      const each = transferList[i];
      if (isArrayBuffer(each)) this.transferArrayBuffer(this.#partOf(each), each);
    }
  }

  write(value: unknown): Buffer {
    this.writeHeader();
    this.writeValue(value);
    const bytes = this.releaseBuffer();
    check(bytes.byteLength + this.#size, this.#options.maxBytes);
    return bytes;
  }

  _getDataCloneError(message: string): Error {
    return new Error(message);
  }

  _getSharedArrayBufferId(memory: SharedArrayBuffer): number {
    if (!this.#options.canShare) throw new Error('shared memory cannot leave the process');
    // Node's deserializer does not take shared memory, but as a view of it.
    this.holdsSharedMemory = true;
    return this.#partOf(memory);
  }

  _writeHostObject(object: object): void {
    if (ArrayBuffer.isView(object)) {
      this.#writeView(object);
      return;
    }
    if (!this.#options.canShare) throw new Error('it cannot leave the process');
    this.writeUint32(Host.Part);
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
      check((this.#size += byteLength), this.#options.maxBytes);
      const copy = buffer.slice(byteOffset, byteOffset + byteLength);
      this.#writeViewOfPart(view, this.parts.push(copy) - 1, 0);
    } else {
      this.writeUint32(Host.View);
      this.writeUint32(typeOf(view));
      this.writeUint32(byteLength);
      this.writeRawBytes(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }

  #writeViewOfPart(view: ArrayBufferView, part: number, byteOffset: number): void {
    this.writeUint32(Host.ViewOfPart);
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

class Reader extends Deserializer {
  readonly #parts: readonly unknown[];

  constructor(bytes: Uint8Array, parts: readonly unknown[]) {
    super(bytes);
    this.#parts = parts;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      if (isAnyArrayBuffer(part)) this.transferArrayBuffer(i, part as ArrayBuffer);
    }
  }

  read(): unknown {
    this.readHeader();
    return this.readValue();
  }

  _readHostObject(): unknown {
    switch (this.readUint32()) {
      case Host.View: {
        const type = this.readUint32();
        const bytes = this.readRawBytes(this.readUint32());
        // Memory of its own: a view of the message would keep all of it, and show it to whoever asks for `buffer`.
        const memory = new Uint8Array(bytes).buffer;
        return viewOf(type, memory, 0, memory.byteLength);
      }
      case Host.ViewOfPart: {
        const type = this.readUint32();
        const memory = this.#parts[this.readUint32()] as ArrayBuffer;
        return viewOf(type, memory, this.readDouble(), this.readDouble());
      }
      default:
        return this.#parts[this.readUint32()];
    }
  }
}
