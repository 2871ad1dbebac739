import { types } from 'node:util';
import { LARGE, Reader, TooLarge, Writer, type PackOptions } from './serializer.js';
import { typeOf, viewOf } from './views.js';
import { isPlainData } from './plain-data.js';
import { losesPlatformObject } from './platform-objects.js';
import { byteLengthOf, isArray, parse, stringify } from './primordials.js';

export { TooLarge, type PackOptions };

// By internal slots, not classes: a test runner's sandbox has its own classes.
const { isAnyArrayBuffer, isArrayBuffer, isSharedArrayBuffer, isUint8Array } = types;

/** How a value is packed. */
export enum Form {
  /** Plain data as JSON, where JSON keeps everything that structured clone keeps. */
  Json,
  /** A primitive value, as it is. */
  Bare,
  /** Anything else: bytes of V8's serializer, and parts that are sent beside them. */
  Bytes,
  /**
   * One piece of binary data: its type, offset and length, and its memory as the only part. V8's
   * deserializer would keep that memory until the next full garbage collection.
   */
  View,
  /** A list whose elements are packed one by one. */
  List,
  /** Left to structured clone as it is: V8's serializer, or Node's part of it, doesn't know it. */
  Value,
}

/** A value on its way between the app and a worker. */
export type Packed = readonly [form: Form, content: unknown, parts?: readonly unknown[]];

const NO_PARTS: readonly unknown[] = [];

/**
 * Packs a value, so that it can be read once or more, and fails alone if it cannot be read.
 *
 * @throws TooLarge, or whatever V8 or a getter of the value throws if it cannot be written
 * @internal
 */
export function pack(value: unknown, options: PackOptions): Packed {
  const { maxBytes, maxJson, transferList = [] } = options;
  if (isBare(value)) {
    if (typeof value === 'string') TooLarge.check(textBytes(value, maxBytes), maxBytes);
    return [Form.Bare, value];
  }
  const isObject = typeof value === 'object' && value !== null;
  if (isObject && ArrayBuffer.isView(value) && !isSharedArrayBuffer(value.buffer)) {
    return packView(value, options);
  }
  if (isArray(value) && isListOfViews(value)) return packEach(value, options);
  if (isObject && transferList.length === 0) {
    const json = packJson(value, maxJson);
    if (json !== undefined) {
      TooLarge.check(json[1].length * 3 <= maxBytes ? 0 : byteLengthOf(json[1]), maxBytes);
      return json;
    }
  }
  const writer = new Writer(options);
  const bytes = writer.write(value);
  if (writer.holdsBareMemory) return [Form.Value, value];
  if (losesPlatformObject(value, bytes)) {
    if (!options.canShare) throw new Error('it cannot leave the process');
    return [Form.Value, value];
  }
  return writer.parts.length === 0 ? [Form.Bytes, bytes] : [Form.Bytes, bytes, writer.parts];
}

/**
 * Whether a list holds only primitive values, so that it can be sent as it is: any worker can read
 * that, and nothing is cheaper.
 *
 * @throws TooLarge
 * @internal
 */
export function isBareList(list: readonly unknown[], maxBytes: number): boolean {
  let bytes = 0;
  for (let i = 0; i < list.length; i++) {
    const each = list[i];
    if (!isBare(each)) return false;
    if (typeof each === 'string') bytes += textBytes(each, maxBytes);
  }
  TooLarge.check(bytes, maxBytes);
  return true;
}

/**
 * Packs plain data as JSON.
 *
 * @param maxJson the longest JSON, in characters
 * @returns undefined if the value is not plain data, or its JSON is longer
 * @internal
 */
export function packJson(
  value: object,
  maxJson: number,
): readonly [form: Form.Json, text: string] | undefined {
  if (!isPlain(value, maxJson)) return undefined;
  const text = stringify(value);
  return text.length <= maxJson ? [Form.Json, text] : undefined;
}

/** Whether a value is primitive, and structured clone takes it. */
function isBare(value: unknown): boolean {
  if (typeof value === 'object') return value === null;
  return typeof value !== 'function' && typeof value !== 'symbol';
}

/** UTF-8 bytes of a text; for a text that is too long anyway, only its characters are counted. */
function textBytes(text: string, maxBytes: number): number {
  return text.length > maxBytes ? text.length : byteLengthOf(text);
}

/**
 * Reads what {@link pack} has written.
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
    case Form.View: {
      const [type, byteOffset, byteLength] = packed[1] as [number, number, number];
      return viewOf(type, packed[2]?.[0] as ArrayBuffer, byteOffset, byteLength);
    }
    case Form.List:
      return (packed[1] as Packed[]).map(unpack);
    default:
      return packed[1];
  }
}

/** Whether {@link unpack} gives a value each time that shares nothing with earlier ones. */
export function isReadAnew([form, , parts]: Packed): boolean {
  return form === Form.Json || (form === Form.Bytes && parts === undefined);
}

/** Whether {@link unpack} takes its form; the content may still be unreadable. */
export function isPacked(value: unknown): value is Packed {
  if (!isArray(value)) return false;
  const content: unknown = value[1];
  switch (value[0]) {
    case Form.Json:
      return typeof content === 'string';
    case Form.Bytes:
      return isUint8Array(content) && (value[2] === undefined || isArray(value[2]));
    case Form.View:
      return isArray(content) && content.every(Number.isSafeInteger) && isArray(value[2]);
    case Form.List:
      return isArray(content) && content.every((each: unknown) => isPacked(each));
    default:
      return value[0] === Form.Value || value[0] === Form.Bare;
  }
}

/** Adds the memory that is moved along with a packed value. */
export function addMovable(packed: Packed, transferList: unknown[]): void {
  if (packed[0] === Form.List) {
    const elements = packed[1] as Packed[];
    for (let i = 0; i < elements.length; i++) addMovable(elements[i] as Packed, transferList);
  }
  const parts = packed[2] ?? NO_PARTS;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (isArrayBuffer(part) && !transferList.includes(part)) {
      transferList[transferList.length] = part;
    }
  }
  if (packed[0] !== Form.Bytes) return;
  const { buffer, byteLength } = packed[1] as Uint8Array;
  // Smaller memory is cheaper to copy than to move.
  if (byteLength >= LARGE) transferList[transferList.length] = buffer;
}

/** Whether posting it may be refused, or what arrives may be unreadable as a whole. */
export function isPostedAsIs(packed: Packed): boolean {
  if (packed[0] === Form.Value) return true;
  return packed[2]?.some((part) => !isAnyArrayBuffer(part)) === true;
}

function packView(view: ArrayBufferView, options: PackOptions): Packed {
  const { buffer, byteOffset, byteLength } = view;
  const type = typeOf(view);
  if (options.transferList?.includes(buffer) === true) {
    return [Form.View, [type, byteOffset, byteLength], [buffer]];
  }
  TooLarge.check(byteLength, options.maxBytes);
  const copy = buffer.slice(byteOffset, byteOffset + byteLength);
  return [Form.View, [type, 0, byteLength], [copy]];
}

/** Whether it is a short list of primitive values and unshared binary data, some of it large. */
function isListOfViews(list: readonly unknown[]): boolean {
  let hasLarge = false;
  for (let i = 0; i < list.length; i++) {
    const each = list[i];
    if (typeof each === 'function' || typeof each === 'symbol') return false;
    if (typeof each !== 'object' || each === null) continue;
    if (!ArrayBuffer.isView(each) || isSharedArrayBuffer(each.buffer)) return false;
    hasLarge ||= each.byteLength >= LARGE;
  }
  return hasLarge && list.length <= MAX_LIST;
}

/** Up to this many elements, a list is packed element by element. */
const MAX_LIST = 16;

function packEach(list: readonly unknown[], options: PackOptions): Packed {
  const elements: Packed[] = [];
  let { maxBytes } = options;
  for (let i = 0; i < list.length; i++) {
    const element = pack(list[i], { ...options, maxBytes });
    elements[i] = element;
    if (element[0] === Form.View) maxBytes -= (element[1] as [number, number, number])[2];
  }
  return [Form.List, elements];
}

function isPlain(value: object, maxJson: number): boolean {
  try {
    return isPlainData(value, maxJson);
  } catch {
    // A getter threw, or the nesting is deep: the serializer finds out.
    return false;
  }
}
