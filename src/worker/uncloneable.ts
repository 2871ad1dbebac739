/** A value that structured clone refuses, and the way to it. */
export interface Uncloneable {
  /** Such as `args[0].user.save`. */
  readonly path: string;
  /** Such as `a function`. */
  readonly description: string;
}

/** Stands for the value of a property that cannot be read. */
const THROWS = Symbol('throws');

/**
 * Finds the first value in `value` that structured clone refuses, or undefined if there is none.
 * For the error message only: it clones again at each level.
 *
 * @internal
 */
export function findUncloneable(value: unknown, path: string): Uncloneable | undefined {
  return isCloneable(value) ? undefined : descend(value, path, new Set());
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

function descend(value: unknown, path: string, seen: Set<unknown>): Uncloneable {
  seen.add(value);
  for (const [child, childPath] of children(value, path)) {
    if (!seen.has(child) && !isCloneable(child)) return descend(child, childPath, seen);
  }
  return { path, description: describe(value) };
}

function* children(value: unknown, path: string): Generator<[unknown, string]> {
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Map) {
    for (const [key, entry] of value) {
      yield [key, `${path}.keys()[…]`];
      yield [entry, `${path}.get(${nameOfKey(key)})`];
    }
  } else if (value instanceof Set) {
    for (const entry of value) yield [entry, `${path}.values()[…]`];
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) yield [read(value, i), `${path}[${i}]`];
  } else {
    for (const name of Object.keys(value)) {
      yield [
        read(value, name),
        /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)
          ? `${path}.${name}`
          : `${path}[${JSON.stringify(name)}]`,
      ];
    }
  }
}

function read(value: object, name: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown>)[name];
  } catch {
    return THROWS;
  }
}

function nameOfKey(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key);
  return typeof key === 'object' && key !== null ? '…' : String(key);
}

function describe(value: unknown): string {
  if (value === THROWS) return 'a getter that throws';
  if (typeof value === 'function') return value.name ? `the function ${value.name}` : 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  const { name } = ((value as object).constructor ?? {}) as { readonly name?: string };
  return name ? `an instance of ${name}` : 'an object';
}

/**
 * What to tell of a result that structured clone has refused, or its transfer list.
 *
 * @internal
 */
export function describeUncloneableResult(
  result: unknown,
  transferList: readonly unknown[] = [],
  refusal?: unknown,
): Uncloneable {
  const culprit = findUncloneable(result, 'result');
  if (culprit !== undefined) return culprit;
  if (transferList.length === 0) return { path: 'result', description: 'a value' };
  const reason = refusal instanceof Error ? refusal.message : String(refusal);
  return { path: 'transfer()', description: `a list that cannot be moved (${reason})` };
}
