/** A value that structured clone refuses, and the way to it. */
export interface Uncloneable {
  /** Such as `args[0].user.save`. */
  readonly path: string;
  /** Such as `a function`. */
  readonly description: string;
}

/**
 * Finds the first value in `value` that structured clone refuses, or undefined if there is none.
 * For the error message only: it clones again at each level.
 *
 * @internal
 */
export function findUncloneable(value: unknown, path: string): Uncloneable | undefined {
  try {
    structuredClone(value);
    return undefined;
  } catch {
    return descend(value, path, new Set());
  }
}

function descend(value: unknown, path: string, seen: Set<unknown>): Uncloneable {
  seen.add(value);
  for (const [child, childPath] of children(value, path)) {
    if (seen.has(child)) continue;
    try {
      structuredClone(child);
    } catch {
      return descend(child, childPath, seen);
    }
  }
  return { path, description: describe(value) };
}

function* children(value: unknown, path: string): Generator<[unknown, string]> {
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Map) {
    for (const [key, entry] of value) {
      yield [key, `${path}.keys()[…]`];
      yield [entry, `${path}.get(${String(key)})`];
    }
  } else if (value instanceof Set) {
    for (const entry of value) yield [entry, `${path}.values()[…]`];
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) yield [value[i], `${path}[${i}]`];
  } else {
    for (const name of Object.keys(value)) {
      yield [
        (value as Record<string, unknown>)[name],
        /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)
          ? `${path}.${name}`
          : `${path}[${JSON.stringify(name)}]`,
      ];
    }
  }
}

function describe(value: unknown): string {
  if (typeof value === 'function') return value.name ? `the function ${value.name}` : 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  const name = (value as object).constructor?.name;
  return name ? `an instance of ${name}` : 'an object';
}
