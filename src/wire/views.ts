const VIEW_TYPES = [
  'Buffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
] as const;

type ViewConstructor = {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): ArrayBufferView;
  readonly BYTES_PER_ELEMENT?: number;
};

const CONSTRUCTORS = VIEW_TYPES.map(
  (name) => (globalThis as unknown as Record<string, ViewConstructor | undefined>)[name],
);

const typeNameOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)?.get as (this: ArrayBufferView) => string | undefined;

/** A number for the type of a view; -1 if it is unknown. */
export function typeOf(view: ArrayBufferView): number {
  if (Buffer.isBuffer(view)) return 0;
  const name = typeNameOf.call(view) ?? 'DataView';
  return VIEW_TYPES.indexOf(name as (typeof VIEW_TYPES)[number]);
}

/** @throws Error if the type is unknown, or the range lies outside the memory */
export function viewOf(
  type: number,
  memory: ArrayBufferLike,
  byteOffset: number,
  byteLength: number,
): ArrayBufferView {
  if (type === 0) return Buffer.from(memory, byteOffset, byteLength);
  const View = CONSTRUCTORS[type];
  if (View === undefined) throw new Error(`a view of the unknown type ${type}`);
  return new View(memory, byteOffset, byteLength / (View.BYTES_PER_ELEMENT ?? 1));
}
