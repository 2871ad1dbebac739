/*
 * Odd values by name. A worker builds one to return or throw it, a handler builds one to pass it as
 * an argument.
 */
import { code, promises } from './code-values.js';
import { errors } from './errors.js';
import { closed, raise, revoked } from './oddities.js';
import { plain, platform } from './platform-values.js';

const MB = 1024 * 1024;
const DEPTHS = [100, 3_000, 5_000, 20_000];

/** @param {number} depth @param {(inner: unknown) => unknown} wrap */
function nest(depth, wrap) {
  let value = wrap('innermost');
  for (let i = 1; i < depth; i++) value = wrap(value);
  return value;
}

/** @type {Record<string, (inner: any) => unknown>} */
const WRAPPERS = {
  arrays: (inner) => [inner],
  objects: (inner) => ({ inner }),
  maps: (inner) => new Map([['inner', inner]]),
  sets: (inner) => new Set([inner]),
  'causes of errors': (cause) => new Error('deep', { cause }),
};

const deep = Object.fromEntries(
  Object.entries(WRAPPERS).flatMap(([name, wrap]) =>
    DEPTHS.map((depth) => [`${name} nested ${depth} deep`, () => nest(depth, wrap)]),
  ),
);

const indices = (count = 100_000) => Array.from({ length: count }, (_, i) => i);

const wide = {
  'an object of 100,000 keys': () => Object.fromEntries(indices().map((i) => [`key${i}`, i])),
  'an array of 100,000 objects': () => indices().map((i) => ({ i })),
  'a map of 100,000 entries': () => new Map(indices().map((i) => [i, `${i}`])),
  'a set of 100,000 entries': () => new Set(indices()),
  'a function behind 100,000 keys': () =>
    Object.fromEntries([...indices().map((i) => [`key${i}`, { i }]), ['last', () => {}]]),
  'a string of 4 MB': () => 'x'.repeat(4 * MB),
  'a string of 2 MB outside Latin-1': () => '\u{1f600}'.repeat(MB / 2),
  'a buffer of 8 MB': () => Buffer.alloc(8 * MB, 1),
  'a sparse array': () => {
    const sparse = new Array(1_000_000);
    sparse[999_999] = 'last';
    return sparse;
  },
};

const circular = {
  'a circular object': () => closed({ self: {} }, (value) => (value.self = value)),
  'a circular array': () => closed([/** @type {unknown} */ (0)], (value) => (value[0] = value)),
  'a map that holds itself': () => closed(new Map(), (map) => map.set(map, map)),
  'a set that holds itself': () => closed(new Set(), (set) => set.add(set)),
  'a circle through a map and an error': () =>
    closed(new Map(), (map) => map.set('error', new Error('round', { cause: { map } }))),
  'a circular object with a function': () =>
    closed({ self: {}, call: () => {} }, (value) => (value.self = value)),
};

const TRAPS = ['get', 'has', 'ownKeys', 'getOwnPropertyDescriptor', 'getPrototypeOf'];

const proxies = {
  'a revoked proxy': () => revoked(),
  'a revoked proxy of a function': () => revoked(() => {}),
  'a revoked proxy of an array': () => revoked([]),
  'a revoked proxy in an object': () => ({ draft: revoked() }),
  'a revoked proxy as a key of a map': () => new Map([[revoked(), 1]]),
  'a transparent proxy': () => new Proxy({ a: 1 }, {}),
  'a proxy of an error': () => new Proxy(new Error('proxied'), {}),
  'a proxy that throws null at every trap': () =>
    new Proxy({}, Object.fromEntries(TRAPS.map((trap) => [trap, raise(null)]))),
  ...Object.fromEntries(
    TRAPS.map((trap) => [
      `a proxy that throws at ${trap}`,
      () => new Proxy({ a: 1 }, { [trap]: raise(new Error(trap)) }),
    ]),
  ),
};

/** @param {() => unknown} thrown */
const withGetter = (thrown) =>
  Object.defineProperty({ a: 1 }, 'odd', { enumerable: true, get: () => raise(thrown())() });

const getters = {
  'a getter that throws an error': () => withGetter(() => new Error('getter')),
  'a getter that throws null': () => withGetter(() => null),
  'a getter that throws undefined': () => withGetter(() => undefined),
  'a getter that throws a revoked proxy': () => withGetter(revoked),
  'a getter that throws, deep in an array': () => [[{ row: withGetter(() => null) }]],
  'a getter that throws beside a function': () =>
    Object.assign(
      withGetter(() => null),
      { zzz: () => {} },
    ),
  'a getter that returns a new object each time': () => ({
    get next() {
      return { again: () => {} };
    },
  }),
};

/** @type {Readonly<Record<string, () => unknown>>} */
export const values = {
  ...deep,
  ...wide,
  ...circular,
  ...proxies,
  ...getters,
  ...code,
  ...promises,
  ...platform,
  ...plain,
  ...errors,
};

/** Values that no task comes to, when it returns them: `timeout` ends the wait. */
export const endless = new Set(['a promise that never settles', 'a thenable that never settles']);

/** @param {string} name @returns {unknown} */
export function build(name) {
  const builder = values[name];
  if (builder === undefined) throw new Error(`No odd value is called "${name}".`);
  return builder();
}
