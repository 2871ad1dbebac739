import { types } from 'node:util';
import { deserialize, serialize } from 'node:v8';

/**
 * Whether it holds something that structured clone knows, but V8's serializer doesn't: a `Blob`,
 * `File` or `CryptoKey` (written as an empty object since Node 21), or a `WebAssembly.Module`.
 */
export function holdsPlatformObject(value: object): boolean {
  const seen = new Set<unknown>([value]);
  for (const each of seen) {
    if (isPlatformObject(each as object)) return true;
    for (const part of partsOf(each as object)) {
      if (typeof part === 'object' && part !== null && !ArrayBuffer.isView(part)) seen.add(part);
    }
  }
  return false;
}

function isPlatformObject(value: object): boolean {
  if (isPlainPrototype(value) || Object.keys(value).length > 0) return false;
  let clone: object;
  try {
    clone = structuredClone(value);
  } catch {
    return false;
  }
  return !isPlainPrototype(clone) && isLostByV8(value);
}

/** Whether V8's serializer turns it into a plain object, or something that cannot be read again. */
function isLostByV8(value: object): boolean {
  try {
    return isPlainPrototype(deserialize(serialize(value)) as object);
  } catch {
    return true;
  }
}

function isPlainPrototype(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function* partsOf(value: object): Generator {
  if (types.isMap(value)) {
    for (const entry of value) yield* entry;
  } else if (types.isSet(value)) yield* value;
  yield* Object.values(value);
}

/** How V8's serializer writes empty objects and, since Node 21, platform objects: `o{`, count 0. */
const EMPTY_OBJECT = Buffer.from([0x6f, 0x7b, 0]);

/**
 * Whether V8's serializer has lost a platform object in a value.
 *
 * @param bytes what the serializer wrote
 * @internal
 */
export function losesPlatformObject(value: unknown, bytes: Buffer): boolean {
  const isObject = typeof value === 'object' && value !== null;
  return isObject && bytes.includes(EMPTY_OBJECT) && holdsPlatformObject(value);
}
