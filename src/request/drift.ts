import { inspect, isDeepStrictEqual } from 'node:util';
import { ReplayLimitError } from '../errors/index.js';
import { textOf, told } from '../errors/text.js';
import type { Ledger } from './ledger.js';

/**
 * The error for a request that still submits in its last pass. A key drifts if its value was
 * computed but the last pass did not ask for it.
 *
 * @internal
 */
export function replayLimitError(ledger: Ledger): ReplayLimitError {
  const drifting = [...ledger.futures]
    .filter((future) => {
      const mark = ledger.marks.find(future);
      return mark !== undefined && future.isSettled && mark.askedIn < ledger.pass.number;
    })
    .map(({ key }) => key);
  const { stale } = ledger;
  return new ReplayLimitError(ledger.maxPasses, submittedIn(ledger), drifting, {
    differs:
      stale &&
      told`"${stale.key}" at ${firstDifference(stale.before, stale.after, 'args') ?? 'args'}`,
  });
}

/** The error for a pass that failed with an earlier pass's PassDiscardedError. @internal */
export function keptOutcomeError(ledger: Ledger, pass: number): ReplayLimitError {
  const { number } = ledger.pass;
  return new ReplayLimitError(ledger.maxPasses, submittedIn(ledger), [], {
    kept: { from: pass, until: number },
  });
}

function submittedIn(ledger: Ledger): (readonly string[])[] {
  return ledger.pass.log.ended.map((pass) => pass.submitted);
}

/**
 * Says where two values first differ, such as `result.rows[2].id: 3, then 4`; undefined if they are
 * deeply equal. Values that cannot be read (a throwing proxy, too deep nesting) count as different.
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
