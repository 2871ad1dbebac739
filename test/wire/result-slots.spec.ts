import { transfer } from '../../src/worker/task-api/transfer.js';
import { unpack } from '../../src/wire/codec.js';
import { ResultSlots, messageBytes } from '../../src/wire/result-slots.js';

/** Both sides of the memory of a chunk of so many calls. */
function sides(calls: number): { worker: ResultSlots; scheduler: ResultSlots } {
  const memory = new SharedArrayBuffer(messageBytes(calls));
  return { worker: new ResultSlots(memory, calls), scheduler: new ResultSlots(memory, calls) };
}

describe('slots for results', () => {
  it.each([
    0,
    -0,
    1.5,
    -1e300,
    NaN,
    Infinity,
    2 ** 53,
    true,
    false,
    null,
    undefined,
    '',
    'plain',
    'déjà vu\0ÿ',
    '5 €, 日本語, 🙂',
    'x'.repeat(1024),
  ])('store %p', (value) => {
    const { worker, scheduler } = sides(3);
    expect(worker.write(1, value, 1_700_000_000_000.25, 0.125)).toBe(true);
    expect(scheduler.isPrimitive(1)).toBe(true);
    expect(scheduler.primitive(1)).toBe(value);
    expect(scheduler.startedAt(1)).toBe(1_700_000_000_000.25);
    expect(scheduler.run(1)).toBe(0.125);
    expect([0, 1, 2].map((index) => scheduler.has(index))).toEqual([false, true, false]);
  });

  it.each([
    {},
    [],
    [[], {}, null, false, 'a', 0.5],
    { id: 7, name: 'Zoë ☕', tags: ['a', 'b'], stock: { count: 42, last: null } },
    { 2: 'b', 1: 'a', 'a "key"': '\ud83d\ude42\n\u2028' },
    { surrogate: '\ud800' },
    JSON.parse('{"__proto__": {"a": 1}}'),
    { text: 'x'.repeat(1000) },
  ])('store the plain data %j, as structured clone returns it', (value: object) => {
    const { worker, scheduler } = sides(1);
    expect(worker.write(0, value, 1, 1)).toBe(true);
    expect(scheduler.isPrimitive(0)).toBe(false);
    const result = unpack(scheduler.packed(0)) as object;
    expect(result).toStrictEqual(structuredClone(value));
    expect(Object.keys(result)).toEqual(Object.keys(value));
  });

  const shared = { a: 1 };
  const circle: unknown[] = [];
  circle.push(circle);
  it.each<[string, unknown]>([
    ['a map', new Map()],
    ['a date', new Date(0)],
    ['bytes', new Uint8Array(2)],
    ['an error', new Error('no')],
    ['an instance of a class', new (class Point {})()],
    ['an instance of a class of arrays', new (class List extends Array {})()],
    ['an object without prototype', Object.create(null)],
    ['a proxy', new Proxy({}, {})],
    ['a bigint', 10n],
    ['a symbol', Symbol.iterator],
    ['a function', () => 1],
    ['undefined in an object', { a: undefined }],
    ['-0 in an array', [-0]],
    ['NaN in an object', { a: { b: NaN } }],
    ['infinity', [Infinity]],
    ['a bigint in an array', [10n]],
    ['a date in an object', { at: new Date(0) }],
    // oxlint-disable-next-line no-sparse-arrays -- It is what is tested.
    ['a hole', [1, , 2]],
    ['an array with another property', Object.assign([1], { a: 1 })],
    ['a hole and another property', Object.assign(Array(1), { a: 1 })],
    ['an object that is there twice', [shared, shared]],
    ['a circle', circle],
    ['an object that says what its JSON is', { toJSON: () => 1 }],
    [
      'a getter that throws',
      {
        get a(): number {
          throw new Error('no');
        },
      },
    ],
    ['what is to be moved', transfer([1], [new ArrayBuffer(1)])],
    ['long text', 'x'.repeat(1025)],
    ['long text in more bytes', '€'.repeat(342)],
    ['half a surrogate pair', '\ud800'],
    ['long text in an object', { text: 'x'.repeat(1020) }],
    ['a long name', { ['x'.repeat(1020)]: 1 }],
    ['a long list', Array.from({ length: 600 }, () => 1)],
  ])('do not store %s', (_, value) => {
    const { worker, scheduler } = sides(1);
    expect(worker.write(0, value, 1, 1)).toBe(false);
    expect(scheduler.has(0)).toBe(false);
  });

  it('share their space for text', () => {
    const { worker, scheduler } = sides(5);
    const values = ['a'.repeat(1000), { b: 'b'.repeat(200) }, 7, 'c'.repeat(100)];
    const taken = values.map((value, i) => worker.write(i, value, 1, 1));
    expect(taken).toEqual([true, true, true, false]);
    expect(worker.write(4, 'd', 1, 1)).toBe(true);
    expect(scheduler.primitive(0)).toBe(values[0]);
    expect(unpack(scheduler.packed(1))).toEqual(values[1]);
    expect(scheduler.primitive(4)).toBe('d');
  });

  it('keep the values of neighbours separate', () => {
    const { worker, scheduler } = sides(4);
    const values = ['a'.repeat(256), 7, 'b'.repeat(256), 'c'];
    values.forEach((value, i) => worker.write(i, value, i, i));
    expect(values.map((_, i) => scheduler.primitive(i))).toEqual(values);
  });

  it('report which result was posted', () => {
    const { worker, scheduler } = sides(2);
    worker.markPosted(1);
    worker.write(0, 1, 1, 1);
    expect([scheduler.has(1), scheduler.isPosted(1), scheduler.isPosted(0)]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
