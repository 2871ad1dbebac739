import type { Quake } from './quakes.js';

/** Statistics about a set of earthquakes. */
export interface RegionProfile {
  quakes: number;
  strongest: number;
  medianDepth: number;
  perDay: Record<string, number>;
  /** Magnitude from which the record is considered complete. */
  completeFrom: number;
  /** How fast the number falls with magnitude (Gutenberg–Richter); near 1 in most places. */
  bValue: number;
}

const BIN = 0.1;

/** Profiles a set of earthquakes, which must not be empty. */
export function profile(quakes: readonly Quake[]): RegionProfile {
  const magnitudes = quakes.map(({ magnitude }) => magnitude);
  const depths = quakes.map(({ depth }) => depth).toSorted((a, b) => a - b);
  const completeFrom = completeness(magnitudes);
  return {
    quakes: quakes.length,
    strongest: Math.max(...magnitudes),
    medianDepth: depths[depths.length >> 1]!,
    perDay: count(quakes, ({ time }) => new Date(time).toISOString().slice(0, 10)),
    completeFrom,
    bValue: bValue(magnitudes, completeFrom),
  };
}

/** The method of maximum curvature: the magnitude bin with the most earthquakes. */
function completeness(magnitudes: readonly number[]): number {
  const bins = Object.entries(count(magnitudes, (magnitude) => magnitude.toFixed(1)));
  return Number(bins.reduce((a, b) => (b[1] > a[1] ? b : a))[0]);
}

/** Aki's maximum likelihood estimate, with Utsu's correction for the width of the bins. */
function bValue(magnitudes: readonly number[], completeFrom: number): number {
  const edge = completeFrom - BIN / 2;
  const complete = magnitudes.filter((magnitude) => magnitude >= edge);
  const mean = complete.reduce((sum, magnitude) => sum + magnitude, 0) / complete.length;
  return Number((Math.LOG10E / (mean - edge)).toFixed(2));
}

/** Counts the items by key, ordered by key. */
function count<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
