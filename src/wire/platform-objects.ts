import { types } from 'node:util';
import { deserialize, serialize } from 'node:v8';

/**
 * Whether it holds something that structured clone knows, and V8's serializer takes for an empty
 * object: a `Blob`, a `File`, a `CryptoKey`.
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
  try {
    return (
      !isPlainPrototype(structuredClone(value)) && isPlainPrototype(deserialize(serialize(value)))
    );
  } catch {
    // Not one that V8 takes for an empty object.
    return false;
  }
}

function isPlainPrototype(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function* partsOf(value: object): Generator<unknown> {
  if (types.isMap(value)) {
    for (const entry of value) yield* entry;
  } else if (types.isSet(value)) yield* value;
  yield* Object.values(value);
}
