import { Blob, File } from 'node:buffer';
import { createSecretKey, webcrypto } from 'node:crypto';
import { MessageChannel } from 'node:worker_threads';
import { closed, raise } from './oddities.js';

class Account {
  #balance = 1;
  name = 'account';
  balance() {
    return this.#balance;
  }
}
class List extends Array {}
class Table extends Map {}

const cryptoKey = await webcrypto.subtle.importKey(
  'raw',
  Buffer.from('secret'),
  { name: 'HMAC', hash: 'SHA-256' },
  true,
  ['sign'],
);
const wasm = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** What the platform has, beside data. */
export const platform = {
  'an instance of a class': () => new Account(),
  'an instance of a class that extends Array': () => List.from([1, 2]),
  'an instance of a class that extends Map': () => new Table([[1, 2]]),
  'an invalid date': () => new Date(NaN),
  'a regular expression': () => /odd/giu,
  'boxed primitives': () => [Object(1), Object('a'), Object(true), Object(1n)],
  'a Buffer': () => Buffer.from('odd'),
  'a Buffer in an object': () => ({ pdf: Buffer.from('odd') }),
  'an empty Buffer': () => Buffer.alloc(0),
  'a Float64Array': () => Float64Array.of(NaN, -0, Infinity),
  'a BigInt64Array': () => BigInt64Array.of(1n, -1n),
  'a DataView': () => new DataView(new ArrayBuffer(8), 2, 4),
  'a detached ArrayBuffer': () =>
    closed(new ArrayBuffer(8), (buffer) => structuredClone(buffer, { transfer: [buffer] })),
  'a view of a detached ArrayBuffer': () =>
    closed(new Uint8Array(8), ({ buffer }) => structuredClone(buffer, { transfer: [buffer] })),
  'a SharedArrayBuffer': () => new SharedArrayBuffer(8),
  'a view of a SharedArrayBuffer': () => ({ cells: new Int32Array(new SharedArrayBuffer(8)) }),
  'a MessagePort': () => new MessageChannel().port1,
  'a closed MessagePort': () => closed(new MessageChannel().port1, (port) => port.close()),
  'a Blob': () => new Blob(['odd']),
  'a File': () => new File(['odd'], 'odd.txt'),
  'a KeyObject': () => createSecretKey(Buffer.from('secret')),
  'a CryptoKey': () => cryptoKey,
  'a WebAssembly.Module': () => new WebAssembly.Module(wasm),
  'a WebAssembly.Memory': () => new WebAssembly.Memory({ initial: 1 }),
  'a URL': () => new URL('http://localhost/odd'),
  'URL parameters': () => new URLSearchParams('a=1'),
  'an AbortSignal': () => AbortSignal.abort(),
  'a ReadableStream': () => new ReadableStream(),
  'a Response': () => new Response('odd'),
  'an EventTarget': () => new EventTarget(),
  'a WeakMap': () => new WeakMap(),
  'a WeakSet': () => new WeakSet(),
  'a WeakRef': () => new WeakRef({}),
  'a FinalizationRegistry': () => new FinalizationRegistry(() => {}),
  'a number format': () => new Intl.NumberFormat('en'),
};

/** Data with a trap in it. */
export const plain = {
  undefined: () => undefined,
  null: () => null,
  NaN: () => NaN,
  'minus zero': () => -0,
  'a large BigInt': () => 10n ** 5_000n,
  'a BigInt in an object': () => ({ amount: 1n }),
  'lone surrogates': () => `\ud800 ${'\udc00'.repeat(300)}`,
  'text with NUL, line ends and ANSI codes': () => '\0\r\n\u001b[31m\u2028',
  'an object without prototype': () => Object.assign(Object.create(null), { a: 1 }),
  'a frozen object': () => Object.freeze({ rows: Object.freeze([1]) }),
  'a key "__proto__"': () => JSON.parse('{"__proto__": {"polluted": true}, "a": 1}'),
  'a key "constructor" that is null': () => ({ constructor: null, call: () => {} }),
  'a key "constructor" that throws': () =>
    Object.defineProperty({ call: () => {} }, 'constructor', {
      enumerable: true,
      get: raise(null),
    }),
  'keys of Object.prototype': () => ({ hasOwnProperty: 1, toString: 2, valueOf: null, length: -1 }),
  'a toJSON that throws': () => ({ toJSON: raise(new Error('toJSON')) }),
  'a toJSON that returns itself': () => ({
    toJSON() {
      return this;
    },
  }),
  'a toJSON on an array': () => Object.assign([1, 2], { toJSON: raise(null) }),
  'a Symbol.toStringTag that says Error': () => ({ [Symbol.toStringTag]: 'Error' }),
  'a Symbol.toStringTag that throws': () =>
    Object.defineProperty({}, Symbol.toStringTag, { get: raise(null) }),
  'a toString that throws': () => ({ toString: raise(null), valueOf: raise(null) }),
  'a Symbol.toPrimitive that throws': () => ({ [Symbol.toPrimitive]: raise(null) }),
  'a Symbol.iterator that throws': () => Object.assign([1], { [Symbol.iterator]: raise(null) }),
  'an array with more properties': () => Object.assign([1, 2], { total: 3 }),
};
