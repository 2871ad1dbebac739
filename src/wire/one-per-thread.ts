/**
 * The object of this name that all copies of this package in a thread share. A worker runs the ES
 * modules; a CommonJS task file requires the other build, and its calls must reach the worker.
 *
 * @internal
 */
export function onePerThread<T extends object>(name: string, create: () => T): T {
  const all = globalThis as { [key: symbol]: T | undefined };
  const key = Symbol.for(`nestjs-futures.${name}`);
  if (all[key] === undefined) {
    const value = create();
    // Not enumerable: what lists or copies the globals need not know it.
    Object.defineProperty(globalThis, key, { value });
    return value;
  }
  return all[key];
}
