// oxlint-disable unicorn/no-thenable -- some of the odd values are thenables
import { closed, raise, revoked } from './oddities.js';

export const code = {
  'a function': () => () => 1,
  'an async function': () => async () => 1,
  'a class': () => class Odd {},
  'a bound function': () => Array.prototype.push.bind([]),
  'a function with a name that throws': () =>
    Object.defineProperty(() => {}, 'name', { get: raise(null) }),
  'a function in an array': () => [1, { call: () => {} }],
  'a symbol': () => Symbol('odd'),
  'a registered symbol': () => Symbol.for('odd'),
  'a boxed symbol': () => Object(Symbol('boxed')),
  'a key that is a symbol': () => ({ [Symbol('key')]: 1 }),
  'a generator': () =>
    (function* numbers() {
      yield 1;
    })(),
  'an async generator': () =>
    (async function* numbers() {
      yield 1;
    })(),
  'the arguments of a function': () =>
    (function list() {
      return arguments;
      // @ts-expect-error -- it takes what it is given
    })(1, 2),
  'the global object': () => globalThis,
  'the environment': () => process.env,
};

export const promises = {
  'a promise of a value': () => Promise.resolve(1),
  'a promise that is rejected': () =>
    closed(Promise.reject(new Error('no')), (it) => it.catch(() => {})),
  'a promise that is rejected with null': () =>
    closed(Promise.reject(null), (it) => it.catch(() => {})),
  'a promise of a function': () => Promise.resolve(() => {}),
  'a promise in an object': () => ({ later: Promise.resolve(1) }),
  'a promise that never settles': () => new Promise(() => {}),
  'a thenable that never settles': () => ({ then() {} }),
  'a thenable that throws': () => ({ then: raise(new Error('then')) }),
  'a thenable that throws null': () => ({ then: raise(null) }),
  'a thenable that settles twice': () => ({
    /** @param {(value: unknown) => void} resolve @param {(error: unknown) => void} reject */
    then(resolve, reject) {
      resolve(1);
      reject(new Error('late'));
      throw new Error('later');
    },
  }),
  'a thenable that resolves to a revoked proxy': () => ({
    /** @param {(value: unknown) => void} resolve */
    then: (resolve) => resolve(revoked()),
  }),
  'a getter "then" that throws': () => Object.defineProperty({}, 'then', { get: raise(null) }),
  'a "then" that is a number': () => ({ then: 5 }),
};
