import { type RecordableHistogram, createHistogram } from 'node:perf_hooks';
import {
  BrokenExecutorError,
  ExecutorSaturatedError,
  FutureCancelledError,
  FutureTimeoutError,
} from '../errors/index.js';
import { isA } from '../errors/text.js';
import type { ExecutorStats, Outcome, Percentiles, TaskStats } from './executor.js';

/**
 * Time in windows of equal length. The current window and the previous one count.
 *
 * @internal
 */
class RollingWindow {
  readonly #length: number;
  readonly #rolled: () => void;
  #start = performance.now();

  /**
   * @param length ms
   * @param rolled called when the current window becomes the previous one and a new one begins
   */
  constructor(length: number, rolled: () => void) {
    this.#length = length;
    this.#rolled = rolled;
  }

  /** When the previous window began, by `performance.now()`. */
  get start(): number {
    return this.#start - this.#length;
  }

  /** Must be called before something is recorded or read. */
  roll(now: number): void {
    const age = now - this.#start;
    if (age < this.#length) return;
    const isNext = age < 2 * this.#length;
    this.#rolled();
    if (!isNext) this.#rolled();
    this.#start = isNext ? this.#start + this.#length : now;
  }
}

const NONE: Percentiles = Object.freeze({ p50: 0, p95: 0, p99: 0 });
/** Durations are kept in µs: a histogram takes integers. */
const US_PER_MS = 1_000;

/**
 * Durations of the current and the previous window, in Node's HDR histograms.
 *
 * @internal
 */
class RollingHistogram {
  readonly #figures: number;
  // Created on first use: an app starts with several executors, and most apps use one.
  #current: RecordableHistogram | undefined;
  #previous: RecordableHistogram | undefined;

  /** @param figures significant digits */
  constructor(figures = 3) {
    this.#figures = figures;
  }

  record(ms: number): void {
    this.#current ??= this.#create();
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
    const both = this.#create();
    if (this.#previous !== undefined) both.add(this.#previous);
    if (this.#current !== undefined) both.add(this.#current);
    if (both.count === 0) return NONE;
    const percentile = (p: number) => both.percentile(p) / US_PER_MS;
    return { p50: percentile(50), p95: percentile(95), p99: percentile(99) };
  }

  #create(): RecordableHistogram {
    return createHistogram({ figures: this.#figures });
  }
}

/** What one task has done. One significant digit takes 6 KB for each histogram, three take 360. */
class TaskRecord {
  readonly wait = new RollingHistogram(1);
  readonly run = new RollingHistogram(1);
  resolved = 0;
  failed = 0;

  get stats(): TaskStats {
    const { resolved, failed, wait, run } = this;
    return { resolved, failed, wait: wait.percentiles(), run: run.percentiles() };
  }
}

/** The most tasks with statistics of their own; the others share one entry. */
const MAX_TASKS = 200;
const OTHERS = '(others)';

/** Length of a measuring window, in ms; the statistics cover the last one to two windows. */
const STATS_WINDOW = 60_000;

/** What {@link CallStats} knows of {@link ExecutorStats}. */
type Summary = Required<
  Omit<ExecutorStats, 'workers' | 'maxWorkers' | 'replaced' | 'failedStarts' | 'queued' | 'running'>
>;

/**
 * Counts and durations of an executor's calls.
 *
 * @internal
 */
export class CallStats {
  readonly #wait = new RollingHistogram();
  readonly #run = new RollingHistogram();
  readonly #tasks = new Map<string, TaskRecord>();
  readonly #madeAt = performance.now();
  readonly #window = new RollingWindow(STATS_WINDOW, () => this.#roll());
  /** How long workers ran tasks in this window, in ms. */
  #busy = 0;
  #busyBefore = 0;
  readonly #counts = { resolved: 0, failed: 0, timedOut: 0, refused: 0, cancelled: 0, broken: 0 };

  /** @param task its id */
  record(task: string, { status, value, worker, wait, run }: Outcome, now: number): void {
    this.#window.roll(now);
    const record = this.#recordOf(task);
    this.#counts[status]++;
    record[status]++;
    if (status === 'failed') this.#countFailure(value);
    if (worker === '') return;
    this.#wait.record(wait);
    this.#run.record(run);
    record.wait.record(wait);
    record.run.record(run);
    this.#busy += run;
  }

  /**
   * @param width the most workers
   * @param underWay ms that the calls in flight have run so far
   */
  summary(width: number, underWay: number): Summary {
    const now = performance.now();
    this.#window.roll(now);
    const start = Math.max(this.#window.start, this.#madeAt);
    const capacity = width * (now - start);
    const busy = this.#busyBefore + this.#busy + underWay;
    return {
      ...this.#counts,
      wait: this.#wait.percentiles(),
      run: this.#run.percentiles(),
      utilization: capacity > 0 ? Math.min(1, busy / capacity) : 0,
      tasks: Object.fromEntries(Array.from(this.#tasks, ([id, { stats }]) => [id, stats])),
    };
  }

  #recordOf(task: string): TaskRecord {
    let record = this.#tasks.get(task);
    if (record !== undefined) return record;
    const id = this.#tasks.size < MAX_TASKS ? task : OTHERS;
    record = this.#tasks.get(id) ?? new TaskRecord();
    this.#tasks.set(id, record);
    return record;
  }

  #countFailure(error: unknown): void {
    if (isA(error, FutureTimeoutError)) this.#counts.timedOut++;
    else if (isA(error, ExecutorSaturatedError)) this.#counts.refused++;
    else if (isA(error, FutureCancelledError)) this.#counts.cancelled++;
    else if (isA(error, BrokenExecutorError)) this.#counts.broken++;
  }

  #roll(): void {
    this.#wait.roll();
    this.#run.roll();
    for (const { wait, run } of this.#tasks.values()) {
      wait.roll();
      run.roll();
    }
    this.#busyBefore = this.#busy;
    this.#busy = 0;
  }
}

/** Length of a measuring window, in ms. */
const DRAIN_WINDOW = 5_000;
/** Bounds of `retryAfter()`, in s. */
const MIN_RETRY_AFTER = 1;
const MAX_RETRY_AFTER = 60;

/**
 * How fast an executor empties its queue, measured over the last 5 to 10 s.
 *
 * @internal
 */
export class DrainRate {
  readonly #window = new RollingWindow(DRAIN_WINDOW, () => this.#roll());
  #current = 0;
  #previous = 0;

  record(ended: number, now = performance.now()): void {
    this.#window.roll(now);
    this.#current += ended;
  }

  /** Whole seconds until `queued` calls have ended, from 1 to 60; 1 if nothing was measured. */
  retryAfter(queued: number): number {
    const now = performance.now();
    this.#window.roll(now);
    const measured = now - this.#window.start;
    const perSecond = ((this.#previous + this.#current) / measured) * 1_000;
    if (perSecond === 0) return MIN_RETRY_AFTER;
    return Math.min(MAX_RETRY_AFTER, Math.max(MIN_RETRY_AFTER, Math.ceil(queued / perSecond)));
  }

  #roll(): void {
    this.#previous = this.#current;
    this.#current = 0;
  }
}
