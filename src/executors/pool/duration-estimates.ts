import type { Call } from '../executor.js';

/** Weight of the newest measurement in the moving average. */
const ALPHA = 0.2;
/** Average run, in ms, from which keys are learned: below, learning costs more than it saves. */
const LONG = 1;
/** How many keys are remembered per task; some keys occur in one request only. */
const MAX_KEYS = 1_000;

interface Known {
  average: number;
  /** Averages by key; those recorded longest ago come first. */
  readonly byKey: Map<number, number>;
}

/**
 * How long calls ran lately, in ms, as an exponentially weighted moving average: per task and key,
 * or per task if the key is new. A key names what is computed, so calls of one key take about as
 * long, whatever their arguments.
 *
 * @internal
 */
export class DurationEstimates {
  readonly #byTask = new Map<string, Known>();

  /** Infinity for a task that never ran. */
  of({ task, key = '' }: Pick<Call, 'task' | 'key'>): number {
    const known = this.#byTask.get(task.id);
    if (known === undefined) return Infinity;
    return (known.average >= LONG ? known.byKey.get(hashOf(key)) : undefined) ?? known.average;
  }

  record({ task, key }: Pick<Call, 'task' | 'key'>, run: number): void {
    const known = this.#byTask.get(task.id);
    if (known === undefined) {
      this.#byTask.set(task.id, { average: run, byKey: new Map() });
      return;
    }
    known.average = moved(known.average, run);
    if (known.average >= LONG && key !== undefined) recordKey(known, hashOf(key), run);
  }
}

function recordKey({ byKey }: Known, key: number, run: number): void {
  const average = moved(byKey.get(key) ?? run, run);
  byKey.delete(key);
  byKey.set(key, average);
  if (byKey.size > MAX_KEYS) byKey.delete(byKey.keys().next().value as number);
}

/** An exponentially weighted moving average after one more run. */
export function moved(average: number, run: number, weight = ALPHA): number {
  return average + weight * (run - average);
}

/** How many characters at each end of a long key are hashed. */
const ENDS = 128;

/**
 * Stands for a key, which may be long and come from a client: a hash (FNV-1a, 32 bits, of its
 * UTF-16 code units) of its ends and its length. Keys with one hash only share an estimate.
 */
function hashOf(key: string): number {
  const { length } = key;
  let hash = 0x811c9dc5 ^ length;
  for (let i = 0; i < length; i++) {
    if (i === ENDS && length > 2 * ENDS) i = length - ENDS;
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  }
  return hash;
}
