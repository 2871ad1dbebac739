import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/**
 * Percentiles of a duration, in ms.
 *
 * @publicApi
 */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

const NONE: Percentiles = Object.freeze({ p50: 0, p95: 0, p99: 0 });
/** Durations are kept in µs: a histogram takes integers. */
const US_PER_MS = 1_000;

/**
 * Durations of the current window and the one before it. The histograms are Node's, which are HDR
 * histograms with 3 significant digits.
 *
 * @internal
 */
export class RollingHistogram {
  // Made when it is used: an app starts with several executors, and most use one.
  #current: RecordableHistogram | undefined;
  #previous: RecordableHistogram | undefined;

  record(ms: number): void {
    this.#current ??= createHistogram();
    this.#current.record(Math.max(1, Math.round(ms * US_PER_MS)));
  }

  /** Begins a new window. */
  roll(): void {
    [this.#previous, this.#current] = [this.#current, this.#previous];
    this.#current?.reset();
  }

  /** All zero if nothing was recorded. */
  percentiles(): Percentiles {
    if (this.#current === undefined && this.#previous === undefined) return NONE;
    const both = createHistogram();
    if (this.#previous !== undefined) both.add(this.#previous);
    if (this.#current !== undefined) both.add(this.#current);
    if (both.count === 0) return NONE;
    const percentile = (p: number) => both.percentile(p) / US_PER_MS;
    return { p50: percentile(50), p95: percentile(95), p99: percentile(99) };
  }
}
