import type { Goal, Measured } from './benchmark.js';

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** A contender's values, summarized and compared with its baseline's. */
export interface Summary extends Spread {
  /** The median divided by the baseline's median. */
  readonly ratioOfMedians?: number | undefined;
  /** The contender's value in a round, divided by the baseline's in the same round. */
  readonly ratio?: Spread | undefined;
  /** Half the range of the ratios: how much two runs may differ by chance. */
  readonly noise?: number | undefined;
  /** The contender's value in a round, minus the baseline's in the same round. */
  readonly difference?: Spread | undefined;
  /** Whether the goal is reached; undefined if there is no goal. */
  readonly reached?: boolean | undefined;
}

export function summarize({ values, baseline, goal }: Measured): Summary {
  const spread = spreadOf(values);
  if (baseline === undefined) return { ...spread, reached: verdict(goal, spread.median) };
  const ratio = spreadOf(values.map((value, i) => value / (baseline.values[i] as number)));
  const difference = spreadOf(values.map((value, i) => value - (baseline.values[i] as number)));
  const judged = { value: spread, ratio, difference }[goal?.of ?? 'value'];
  return {
    ...spread,
    ratioOfMedians: spread.median / spreadOf(baseline.values).median,
    ratio,
    noise: (ratio.max - ratio.min) / 2,
    difference,
    reached: verdict(goal, judged.median),
  };
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return {
    median: (lower + upper) / 2,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
  };
}

function verdict(goal: Goal | undefined, value: number): boolean | undefined {
  if (goal === undefined) return undefined;
  const { atLeast = -Infinity, atMost = Infinity } = goal;
  return value >= atLeast && value <= atMost;
}
