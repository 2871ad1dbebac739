/*
 * Tasks that change what the worker itself may use: globals and prototypes. Each is found by its
 * name: what is exported here is run by the tests.
 */

/** @param {any} target @param {PropertyKey} name @param {unknown} value */
function replace(target, name, value) {
  Object.defineProperty(target, name, { configurable: true, writable: true, value });
  return 'replaced';
}

function fail() {
  throw new Error('poisoned');
}

const never = () => new Promise(() => {});

export const stringifyGivesNoJson = () => replace(JSON, 'stringify', () => '{"a": ');
export const stringifyGivesNoText = () => replace(JSON, 'stringify', () => ({}));
export const stringifyThrows = () => replace(JSON, 'stringify', fail);
export const parseThrows = () => replace(JSON, 'parse', fail);
export const promiseThrows = () => replace(globalThis, 'Promise', fail);
export const thenThrows = () => replace(Promise.prototype, 'then', fail);
export const thenNeverCalls = () => replace(Promise.prototype, 'then', never);
export const everythingIsThenable = () => replace(Object.prototype, 'then', () => {});
export const arrayIteratorThrows = () => replace(Array.prototype, Symbol.iterator, fail);
export const arrayIteratorIsEmpty = () =>
  replace(Array.prototype, Symbol.iterator, () => ({ next: () => ({ done: true }) }));
export const pushThrows = () => replace(Array.prototype, 'push', fail);
export const mapThrows = () => replace(Array.prototype, 'map', fail);
export const everyIsTrue = () => replace(Array.prototype, 'every', () => true);
export const isArrayThrows = () => replace(Array, 'isArray', fail);
export const objectKeysThrows = () => replace(Object, 'keys', fail);
export const objectKeysGivesNothing = () => replace(Object, 'keys', () => []);
export const getPrototypeOfThrows = () => replace(Object, 'getPrototypeOf', fail);
export const callThrows = () => replace(Function.prototype, 'call', fail);
export const applyThrows = () => replace(Function.prototype, 'apply', fail);
export const bindThrows = () => replace(Function.prototype, 'bind', fail);
export const mapGetThrows = () => replace(Map.prototype, 'get', fail);
export const mapGetGivesNothing = () => replace(Map.prototype, 'get', () => undefined);
export const atomicsAddGivesText = () => replace(Atomics, 'add', () => 'text');
export const atomicsAddThrows = () => replace(Atomics, 'add', fail);
export const atomicsLoadThrows = () => replace(Atomics, 'load', fail);
export const atomicsStoreDoesNothing = () => replace(Atomics, 'store', () => 0);
export const nowIsNotANumber = () => replace(performance, 'now', () => NaN);
export const nowThrows = () => replace(performance, 'now', fail);
export const dateNowThrows = () => replace(Date, 'now', fail);
export const encodeIntoThrows = () => replace(TextEncoder.prototype, 'encodeInto', fail);
export const typedArraySetThrows = () =>
  replace(Object.getPrototypeOf(Uint8Array.prototype), 'set', fail);
export const structuredCloneThrows = () => replace(globalThis, 'structuredClone', fail);
export const queueMicrotaskThrows = () => replace(globalThis, 'queueMicrotask', fail);
export const setImmediateNeverCalls = () => replace(globalThis, 'setImmediate', () => {});
export const setTimeoutThrows = () => replace(globalThis, 'setTimeout', fail);
export const prepareStackTraceThrows = () => replace(Error, 'prepareStackTrace', fail);
export const instanceOfErrorThrows = () => replace(Error, Symbol.hasInstance, fail);
export const objectToJsonThrows = () => replace(Object.prototype, 'toJSON', fail);
export const processEmitDoesNothing = () => replace(process, 'emit', () => true);
export const processOnThrows = () => replace(process, 'on', fail);
export const memoryUsageThrows = () => replace(process, 'memoryUsage', fail);

/** A setter that all objects inherit takes what is assigned to that name, `calls` of a message say. */
export function settersOfEveryObject() {
  for (const name of ['status', 'payload', 'calls', 'index', 'error', 'result', 'id', 'value']) {
    // oxlint-disable-next-line no-extend-native -- that is what the task does wrong
    Object.defineProperty(Object.prototype, name, { configurable: true, set: fail, get: fail });
  }
  return 'replaced';
}
