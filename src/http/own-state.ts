/**
 * Remembers properties of an object that an app may attach things to. The returned function
 * restores their values and removes properties that were added since. Maps, arrays and plain
 * objects among the values are restored in place, since others may hold them.
 *
 * @param keysOf returns the keys of the properties to restore
 * @internal
 */
export function rememberOwn<Target extends object>(
  target: Target,
  keysOf: (target: Target) => readonly PropertyKey[],
): () => void {
  const keys = keysOf(target);
  const values = new Array<unknown>(keys.length);
  let refills: (() => void)[] | undefined;
  for (let i = 0; i < keys.length; i++) {
    const value: unknown = Reflect.get(target, keys[i] as PropertyKey);
    values[i] = value;
    const refill = refillOf(value);
    if (refill !== undefined) (refills ??= []).push(refill);
  }
  return () => {
    for (const key of keysOf(target)) if (!keys.includes(key)) Reflect.deleteProperty(target, key);
    keys.forEach((key, i) => {
      if (Reflect.get(target, key) !== values[i]) Reflect.set(target, key, values[i]);
    });
    refills?.forEach((refill) => refill());
  };
}

type Refill = (() => void) | undefined;

function refillOf(value: unknown): Refill {
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Map) {
    const entries = [...value];
    return () => {
      value.clear();
      for (const [key, each] of entries) value.set(key, each);
    };
  }
  if (Array.isArray(value)) {
    const items = [...(value as unknown[])];
    return () => void value.splice(0, value.length, ...items);
  }
  return isPlain(value) ? refillOfPlain(value as Record<PropertyKey, unknown>) : undefined;
}

function refillOfPlain(object: Record<PropertyKey, unknown>): Refill {
  const keys = Reflect.ownKeys(object);
  const values = keys.map((key) => copyOf(object[key]));
  return () => {
    for (const key of Reflect.ownKeys(object)) Reflect.deleteProperty(object, key);
    keys.forEach((key, i) => Reflect.set(object, key, copyOf(values[i])));
  };
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A header with several values is an array, and adding a value pushes into it. */
function copyOf(value: unknown): unknown {
  return Array.isArray(value) ? [...(value as unknown[])] : value;
}

/** Makes `target[key]` read and write `source[key]`. @internal */
export function shareProperty(target: object, source: object, key: PropertyKey): void {
  Object.defineProperty(target, key, {
    configurable: true,
    enumerable: true,
    get: () => Reflect.get(source, key) as unknown,
    set: (value: unknown) => {
      Reflect.set(source, key, value);
    },
  });
}
