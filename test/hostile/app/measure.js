import { types } from 'node:util';

const NESTS = ['inner', 'cause', 'a', 0];

/**
 * A short text that a value and its copy have in common: what kind it is, how large and how deep.
 * Goes through the value in a loop, since recursion is what odd values break.
 *
 * @param {unknown} value
 */
export function measure(value) {
  try {
    return `${kindOf(value)} of ${sizeOf(value)}, ${depthOf(value)} deep`;
  } catch {
    return 'unreadable';
  }
}

/** @param {unknown} value */
function kindOf(value) {
  if (value === null) return 'null';
  if (types.isNativeError(value)) return 'error';
  for (const kind of [Map, Set, Array, Date, ArrayBuffer])
    if (value instanceof kind) return kind.name;
  return ArrayBuffer.isView(value) ? 'view' : typeof value;
}

/** @param {any} value */
function sizeOf(value) {
  if (value === null || typeof value !== 'object') return String(value).length;
  if (types.isNativeError(value)) return lengthOf(value.message);
  if (value instanceof Map || value instanceof Set) return value.size;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

/** @param {unknown} value of a message, which need not be a text */
function lengthOf(value) {
  return String(value).length;
}

/** @param {any} value */
function depthOf(value) {
  let depth = 0;
  for (let inner = value; inner !== undefined && depth < 200_000; depth++) inner = innerOf(inner);
  return depth;
}

/** @param {any} value */
function innerOf(value) {
  if (value === null || typeof value !== 'object') return undefined;
  if (value instanceof Map) return value.get('inner');
  if (value instanceof Set) return [...value.values()].find((entry) => entry instanceof Set);
  return NESTS.map((name) => value[name]).find((inner) => inner !== undefined);
}
