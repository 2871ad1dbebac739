import { HttpException, NotFoundException } from '@nestjs/common';
import { raise } from './oddities.js';

/** @param {PropertyKey} name @param {PropertyDescriptor} property */
const errorWith = (name, property) => () =>
  Object.defineProperty(new Error('odd'), name, { configurable: true, ...property });

/** @param {PropertyKey} name @param {unknown} thrown */
const errorWithGetter = (name, thrown) => errorWith(name, { enumerable: true, get: raise(thrown) });

class Nameless extends Error {}
Object.defineProperty(Nameless, 'name', { get: raise(null) });

class Demanding extends TypeError {
  /** @param {{ deep: { text: string } }} options */
  constructor(options) {
    super(options.deep.text);
  }
}

function selfCaused() {
  const error = new Error('its own cause');
  error.cause = error;
  return error;
}

function selfAggregated() {
  const error = new AggregateError([], 'its own part');
  error.errors.push(error, new Error('another', { cause: error }));
  return error;
}

function pairOfCauses() {
  const one = new Error('one');
  const two = new Error('two', { cause: one });
  one.cause = two;
  return one;
}

/** Errors that something is odd about. @type {Readonly<Record<string, () => unknown>>} */
export const errors = {
  'an error': () => new RangeError('plain', { cause: new TypeError('why') }),
  'an error in an object': () => ({ reason: new RangeError('plain') }),
  'an error that is its own cause': selfCaused,
  'an error that is its own cause, in an object': () => ({ reason: selfCaused() }),
  'two errors that cause each other': pairOfCauses,
  'an aggregate of itself': selfAggregated,
  'an aggregate of 10,000 errors': () =>
    new AggregateError(
      Array.from({ length: 10_000 }, (_, i) => new Error(`${i}`)),
      'many',
    ),
  'an error whose message throws': errorWithGetter('message', null),
  'an error whose name throws': errorWithGetter('name', new Error('name')),
  'an error whose stack throws': errorWithGetter('stack', undefined),
  'an error whose cause throws': errorWithGetter('cause', null),
  'an error whose code throws': errorWithGetter('code', null),
  'an error whose errors throw': errorWithGetter('errors', null),
  'an error whose message is an object': errorWith('message', { value: { text: 'odd' } }),
  'an error whose message is a symbol': errorWith('message', { value: Symbol('odd') }),
  'an error whose name is a proxy': errorWith('name', { value: new Proxy({}, {}) }),
  'an error whose stack is a number': errorWith('stack', { value: 5 }),
  'an error without a stack': errorWith('stack', { value: undefined }),
  'an error whose message has 2 MB': () => new Error('x'.repeat(2 * 1024 * 1024)),
  'an error with 10,000 properties': () =>
    Object.assign(
      new Error('wide'),
      Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key${i}`, { i }])),
    ),
  'an error with a property that throws': errorWithGetter('detail', null),
  'an error with a function': () => Object.assign(new Error('odd'), { retry: () => {} }),
  'an error with a circular property': () => {
    const error = new Error('odd');
    return Object.assign(error, { request: { error } });
  },
  'an error with a toJSON that throws': errorWith('toJSON', { value: raise(null) }),
  'an error with a "then"': errorWith('then', { value: raise(null) }),
  'an error with a Symbol.toStringTag that throws': errorWithGetter(Symbol.toStringTag, null),
  'a frozen error': () => Object.freeze(new Error('frozen')),
  'an error without prototype': () => Object.setPrototypeOf(new Error('bare'), null),
  'an error with a proxy as its prototype': () =>
    Object.setPrototypeOf(
      new Error('odd'),
      new Proxy(Error.prototype, { get: raise(null), getPrototypeOf: raise(null) }),
    ),
  'an object that claims to be an error': () => Object.create(Error.prototype),
  'an error of a class without a name': () => new Nameless('nameless'),
  'an error of a class that wants more than a message': () =>
    new Demanding({ deep: { text: 'demanding' } }),
  'a DOMException': () => new DOMException('odd', 'DataCloneError'),
  'a text': () => 'just text',
  'an error that looks like a discarded pass': () =>
    Object.assign(new Error('odd'), {
      name: 'PassDiscardedError',
      code: 'ERR_FUTURES_PASS_DISCARDED',
    }),
  'an HttpException': () => new NotFoundException('no such chart'),
  'an HttpException with a circular response': () => {
    const response = { self: {} };
    response.self = response;
    return new HttpException(response, 400);
  },
  'an HttpException with a BigInt': () => new HttpException({ amount: 1n }, 400),
  'an HttpException with a response that throws': () =>
    new HttpException(
      Object.defineProperty({}, 'odd', { enumerable: true, get: raise(null) }),
      400,
    ),
  'an HttpException with a function': () => new HttpException(/** @type {any} */ (() => {}), 400),
  'an HttpException nested 5,000 deep': () => {
    let response = {};
    for (let i = 0; i < 5_000; i++) response = { response };
    return new HttpException(response, 400);
  },
  'an HttpException with the status 9999': () => new HttpException('odd', 9999),
  'an HttpException with the status NaN': () => new HttpException('odd', NaN),
  'an HttpException with a text as its status': () =>
    new HttpException('odd', /** @type {any} */ ('four hundred')),
  'an HttpException whose status throws': () =>
    Object.assign(new HttpException('odd', 400), { getStatus: raise(null) }),
  'an HttpException whose response throws': () =>
    Object.assign(new HttpException('odd', 400), { getResponse: raise(null) }),
};
