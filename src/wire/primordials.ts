/*
 * The built-in functions that the worker's side uses, taken before any task is loaded: a task that
 * patches `JSON`, `Object` or an iterator must not break the calls that run after it on the same
 * worker. For the same reason, that code avoids array destructuring, array spread and `for … of`.
 */
export const stringify = JSON.stringify;
export const parse = JSON.parse;
export const keysOf = Object.keys;
export const prototypeOf = Object.getPrototypeOf;
export const isArray = Array.isArray;
export const isSame = Object.is;
export const isFiniteNumber = Number.isFinite;
export const apply = Reflect.apply;
export const byteLengthOf = Buffer.byteLength;
