import type { Report, Row } from './report.js';

/** A ratio that occurs in both runs. */
export interface Change {
  /** Benchmark, adapter, contender, measure and baseline. */
  readonly name: string;
  readonly before: number;
  readonly after: number;
  /** By how much the ratio may differ without a meaning. */
  readonly noise: number;
  readonly verdict: 'worse' | 'better' | 'same';
}

/** Compares the ratios of two runs: unlike figures, ratios hardly depend on the machine. */
export function changes(before: Report, after: Report): Change[] {
  const known = ratios(before);
  return Array.from(ratios(after)).flatMap(([name, row]) => {
    const old = known.get(name);
    return old === undefined ? [] : [changeOf(name, old, row)];
  });
}

function ratios({ sections }: Report): Map<string, Row> {
  const found = new Map<string, Row>();
  for (const section of sections) {
    for (const row of section.rows) {
      if (row.baseline === undefined) continue;
      const name = `${section.name}, ${row.adapter}: ${row.contender}, ${row.measure}, against ${row.baseline.contender}`;
      found.set(name, row);
    }
  }
  return found;
}

function changeOf(name: string, old: Row, row: Row): Change {
  const before = old.summary.ratio?.median ?? Number.NaN;
  const after = row.summary.ratio?.median ?? Number.NaN;
  // The errors of both runs are independent.
  const noise = Math.hypot(old.summary.noise ?? 0, row.summary.noise ?? 0);
  const gain = row.better === 'higher' ? after - before : before - after;
  const verdict = Math.abs(gain) <= noise ? 'same' : gain < 0 ? 'worse' : 'better';
  return { name, before, after, noise, verdict };
}
