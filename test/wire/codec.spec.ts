import { isDeepStrictEqual, types } from 'node:util';
import {
  Form,
  TooLarge,
  addMovable,
  pack,
  unpack,
  type PackOptions,
} from '../../src/wire/codec.js';

const SHARED: PackOptions = { maxBytes: 1e9, maxJson: 1_000, canShare: true };
const APART: PackOptions = { ...SHARED, canShare: false };

const circular: Record<string, unknown> = { a: 1 };
circular['self'] = circular;
const shared = { b: 2 };

function nested(depth: number): unknown {
  let value: unknown = 'bottom';
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

describe.each([
  ['between threads', SHARED],
  ['between processes', APART],
])('a value that crosses %s', (_name, options) => {
  it.each<[string, unknown]>([
    ['plain data', { id: 1, tags: ['a', 'b'], nested: { on: true, off: null } }],
    ['data whose keys are those of prototypes', JSON.parse('{"__proto__": 1, "constructor": 2}')],
    ['text that JSON escapes', '\ud800 "quoted" \u2028'],
    ['long text', 'x'.repeat(5_000)],
    ['what JSON has no word for', [undefined, NaN, -0, Infinity, 10n, new Date(0)]],
    ['a sparse array', [1, , 3]], // oxlint-disable-line no-sparse-arrays -- that is what is tested
    ['an array with a name', Object.assign([1], { name: 'list' })],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['a circular value', circular],
    ['a value that is found twice', [shared, shared]],
    ['collections', new Map<unknown, unknown>([[{ k: 1 }, new Set([/a+/g])]])],
    ['an error', new RangeError('kept', { cause: new Error('why') })],
    ['many numbers', Array.from({ length: 1_000 }, (_, i) => i / 3)],
    ['empty objects', [{}, [], new Map(), {}]],
  ])('arrives unchanged: %s', (_what, value) => {
    const clone = unpack(pack(value, options));
    expect(isDeepStrictEqual(structuredClone(clone), structuredClone(value))).toBe(true);
  });

  it.each([0, 3, 100_000])(
    'that is a Buffer of %s bytes stays a Buffer, with its own memory',
    (size) => {
      const pool = Buffer.alloc(size + 8, 7);
      const buffer = pool.subarray(8);
      const clone = unpack(pack({ deep: [buffer] }, options)) as { deep: [Buffer] };
      expect(Buffer.isBuffer(clone.deep[0])).toBe(true);
      expect(clone.deep[0].equals(buffer)).toBe(true);
      expect(clone.deep[0].buffer.byteLength).toBe(size);
    },
  );

  it.each([
    new Int8Array([1]),
    new Uint8ClampedArray([300]),
    new Uint16Array([1, 2]),
    new Float32Array([0.5]),
    new Float64Array([1.5, NaN]),
    new BigInt64Array([-1n]),
    new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 2),
    new Float64Array(20_000),
  ])('keeps the type and the bytes of a view (%#)', (view) => {
    const clone = unpack(pack([view], options)) as [typeof view];
    expect(Object.prototype.toString.call(clone[0])).toBe(Object.prototype.toString.call(view));
    expect(bytesOf(clone[0])).toEqual(bytesOf(view));
  });

  it('is a new value each time it is read', () => {
    const packed = pack({ rows: [new Date(0)] }, options);
    const first = unpack(packed) as { rows: unknown[] };
    first.rows.push('TOTAL');
    expect(unpack(packed)).toEqual({ rows: [expect.anything()] });
  });

  it.each([
    ['a function', () => {}],
    ['a promise', Promise.resolve()],
    ['a proxy', new Proxy({}, {})],
    ['a symbol', Symbol('s')],
  ])('is refused: %s', (_what, value) => {
    expect(() => pack([value], options)).toThrow();
  });

  it('is refused only if it is nested too deeply for this side', () => {
    expect(() => pack(nested(200_000), options)).toThrow(/Maximum call stack/);
    expect(() => unpack(pack(nested(1_000), options))).not.toThrow();
  });

  it.each([
    ['text', 'é'.repeat(600)],
    ['plain data', { text: 'é'.repeat(600) }],
    ['bytes', new Uint8Array(1_001)],
    ['large bytes', new Uint8Array(200_000)],
    ['anything else', [new Date(), 'x'.repeat(1_000)]],
  ])('is refused if it has too many bytes: %s', (_what, value) => {
    expect(() => pack(value, { ...options, maxBytes: 1_000 })).toThrow(TooLarge);
    expect(() => pack(value, { ...options, maxBytes: 300_000 })).not.toThrow();
  });
});

describe('between threads', () => {
  it('shares shared memory', () => {
    const cells = new Int32Array(new SharedArrayBuffer(8), 4);
    const [view, memory] = unpack(pack([cells, cells.buffer], SHARED)) as [Int32Array, unknown];
    expect(view.buffer).toBe(cells.buffer);
    expect([view.byteOffset, memory]).toEqual([4, cells.buffer]);
  });

  it('moves the listed memory, including its views', () => {
    const memory = new Uint8Array([1, 2, 3, 4]).buffer;
    const packed = pack([Buffer.from(memory, 1, 2), memory], { ...SHARED, transferList: [memory] });
    const moved: unknown[] = [];
    addMovable(packed, moved);
    expect(moved).toEqual([memory]);
    const [buffer, other] = unpack(packed) as [Buffer, ArrayBuffer];
    expect(buffer.equals(Buffer.from([2, 3]))).toBe(true);
    expect(other).toBe(memory);
  });

  it('moves a copy of large bytes, and leaves the original alone', () => {
    const bytes = Buffer.alloc(100_000, 1);
    const moved: unknown[] = [];
    addMovable(pack({ bytes }, SHARED), moved);
    expect(moved).toHaveLength(1);
    expect(moved).not.toContain(bytes.buffer);
    expect(types.isArrayBuffer(moved[0])).toBe(true);
  });

  it.each([
    ['a Blob', new Blob(['x'])],
    ['shared memory', new SharedArrayBuffer(8)],
  ])('leaves values that V8 does not know to structured clone: %s', (_what, value) => {
    const packed = pack({ at: [{}, value] }, SHARED);
    expect((unpack(packed) as { at: unknown[] }).at[1]).toBe(value);
  });
});

describe('between processes', () => {
  it.each([
    ['a Blob', new Blob(['x'])],
    ['shared memory', new SharedArrayBuffer(8)],
    ['a view of shared memory', new Int32Array(new SharedArrayBuffer(8))],
  ])('refuses values that cannot leave the process: %s', (_what, value) => {
    expect(() => pack({ at: [{}, value] }, APART)).toThrow(/cannot leave the process|host object/);
  });
});

it('plain data is written as JSON up to the allowed length', () => {
  const value = { text: 'x'.repeat(100) };
  expect(pack(value, { ...SHARED, maxJson: 200 })[0]).toBe(Form.Json);
  expect(pack(value, { ...SHARED, maxJson: 50 })[0]).toBe(Form.Bytes);
});

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): number[] {
  return [...new Uint8Array(buffer, byteOffset, byteLength)];
}
