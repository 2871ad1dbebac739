import { inspect, isDeepStrictEqual } from 'node:util';
import { textOf } from '../errors/is-a.js';
import { told } from '../errors/outside-text.js';

/**
 * Says where two values first differ, such as `result.rows[2].id: 3, then 4`; undefined if they are
 * deeply equal. Values that cannot be read (a throwing proxy, one that is nested too deep) differ.
 *
 * @internal
 */
export function firstDifference(before: unknown, after: unknown, path: string): string | undefined {
  try {
    return differenceOf(before, after, path);
  } catch (error) {
    return told`${path}, which cannot be compared (${textOf(error)})`;
  }
}

function differenceOf(before: unknown, after: unknown, path: string): string | undefined {
  if (isDeepStrictEqual(before, after)) return undefined;
  if (isContainer(before) && isContainer(after) && sameKind(before, after)) {
    for (const [child, key] of childrenOf(before, after, path)) {
      const difference = differenceOf(get(before, key), get(after, key), child);
      if (difference !== undefined) return difference;
    }
  }
  return told`${path}: ${text(before)}, then ${text(after)}`;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function sameKind(a: object, b: object): boolean {
  return Object.getPrototypeOf(a) === Object.getPrototypeOf(b);
}

function* childrenOf(a: object, b: object, path: string): Generator<[string, unknown]> {
  if (a instanceof Map && b instanceof Map) {
    for (const key of new Set([...a.keys(), ...b.keys()])) yield [`${path}.get(${text(key)})`, key];
    return;
  }
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    yield [Array.isArray(a) ? `${path}[${key}]` : `${path}.${key}`, key];
  }
}

function get(value: object, key: unknown): unknown {
  return value instanceof Map ? value.get(key) : (value as Record<string, unknown>)[key as string];
}

function text(value: unknown): string {
  const shown = inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 60 });
  return shown.length > 120 ? `${shown.slice(0, 120)}…` : shown;
}
