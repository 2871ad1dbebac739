import { ExecutorSaturatedError, FutureCancelledError } from '../errors/index.js';
import type { TaskReference } from '../tasks/task.js';
import { unpack, type Packed } from '../wire/codec.js';

/**
 * One task to run, with its arguments and limits.
 *
 * @publicApi
 */
export interface Call {
  readonly task: TaskReference;
  readonly args: readonly unknown[];
  /** The future's key; undefined for calls of the `WorkerPool`. */
  readonly key: string | undefined;
  /** How long it may run, in ms. */
  readonly timeout: number;
  /** How long it may wait to start, in ms; undefined: no limit. */
  readonly queueTimeout: number | undefined;
  /** Parts of `args` that are moved to the worker instead of copied. */
  readonly transferList: readonly Transferable[] | undefined;
  /** Calls of a higher priority start before those of a lower one. Default: `normal`. */
  readonly priority?: Priority | undefined;
  /**
   * When the value is of no use any more, in ms, as `performance.now()` gives it here. Default:
   * never.
   */
  readonly deadline?: number | undefined;
  /**
   * The share that the call belongs to. While calls wait, shares of one priority take turns.
   * Default: one share per request.
   */
  readonly share?: string | undefined;
  /** How much work its share may do, compared with the others. Default: 1. */
  readonly weight?: number | undefined;
  /** What the option `carry` gave, as JSON: what `carried()` returns in the task. */
  readonly carried?: string | undefined;
}

/** Which calls start first. */
export type Priority = (typeof PRIORITIES)[number];

/** From the first to the last. @internal */
export const PRIORITIES = ['high', 'normal', 'low'] as const;

/** A call whose arguments may be packed already, since the ledger compares them. @internal */
export interface PackedCall extends Call {
  /** At most {@link MAX_JSON} characters of JSON. */
  packed?: Packed | undefined;
}

/** Longest arguments sent as JSON, in characters; bytes cost less CPU for longer ones. @internal */
export const MAX_JSON = 1024;

/** What can be moved between threads instead of copied. */
export type Transferable = import('node:worker_threads').Transferable;

/**
 * How a call ended.
 *
 * @publicApi
 */
export interface Outcome {
  readonly status: 'resolved' | 'failed';
  /** The value if resolved; the error if failed. */
  readonly value: unknown;
  /** Where it ran, such as `thread 3`; empty if it never started, or if that is not known. */
  readonly worker: string;
  /** How long it waited in the executor before it started, in ms. */
  readonly wait: number;
  /** How long it ran, in ms. */
  readonly run: number;
}

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

/**
 * What the calls of one task have done since the executor was created.
 *
 * @publicApi
 */
export interface TaskStats {
  /** Calls that have ended with a value. */
  readonly resolved: number;
  /** Calls that have ended with an error. */
  readonly failed: number;
  /** How long calls waited to start in the last one to two minutes, in ms, within about 6 %. */
  readonly wait: Percentiles;
  /** How long calls ran in the last one to two minutes, in ms, within about 6 %. */
  readonly run: Percentiles;
}

/**
 * What an executor is doing now, and what it has done since it was created.
 *
 * @publicApi
 */
export interface ExecutorStats {
  /** Workers alive. */
  readonly workers: number;
  /** The most workers that can be alive, if that is known. */
  readonly maxWorkers?: number;
  /** Workers that have died or were ended, except those that were idle, since it was created. */
  readonly replaced?: number;
  /** How many workers in a row have died before they were ready; 0 after one has become ready. */
  readonly failedStarts?: number;
  /** Calls waiting. */
  readonly queued: number;
  /** Calls that were sent to a worker and have not ended. */
  readonly running: number;
  /** Calls that have ended with a value since the executor was created. */
  readonly resolved: number;
  /** Calls that have ended with an error since the executor was created. */
  readonly failed: number;
  /** How many of the failed calls have timed out (`FutureTimeoutError`). */
  readonly timedOut?: number;
  /** How many of the failed calls were not taken, or displaced (`ExecutorSaturatedError`). */
  readonly refused?: number;
  /** How many of the failed calls were for clients that have gone (`FutureCancelledError`). */
  readonly cancelled?: number;
  /** How many of the failed calls lost their worker (`BrokenExecutorError`). */
  readonly broken?: number;
  /** How long calls waited to start in the last one to two minutes, if that is measured. */
  readonly wait?: Percentiles;
  /** How long calls ran in the last one to two minutes. */
  readonly run?: Percentiles;
  /** How much of that time workers ran tasks, 0 to 1; workers that aren't alive count as idle. */
  readonly utilization?: number;
  /** By task id, such as `report.render`; beyond 200 tasks, the others together as `(others)`. */
  readonly tasks?: Readonly<Record<string, TaskStats>>;
}

/**
 * A place where tasks run. To run tasks anywhere else, implement it and register it with the option
 * `executors`.
 *
 * @example
 * ```ts
 * FuturesModule.forRoot({ executors: { fleet: new FleetExecutor() } });
 * futures.using({ executor: 'fleet' }).submit('report', tasks.renderReport, rows);
 * ```
 *
 * @publicApi
 */
export interface Executor {
  /**
   * Runs all calls of a pass and settles each exactly once. A call that fails is an outcome, not a
   * rejection. The promise resolves to the outcomes in the order of the calls.
   *
   * When `signal` aborts, the client is gone: drop queued calls, stop running ones, settle all.
   */
  run(calls: readonly Call[], options: { readonly signal?: AbortSignal }): Promise<Outcome[]>;

  stats(): ExecutorStats;

  /**
   * How many workers are alive, if they belong to other processes: asked now, for health checks.
   * Rejects if they cannot be counted.
   */
  remoteWorkers?(): Promise<number>;

  /** Ends the workers when their calls have ended, or after `timeout` ms at the latest. */
  close(options: { readonly timeout: number }): Promise<void>;
}

/**
 * An outcome that can create its value or error again, so that a pass that changes its copy doesn't
 * affect the next pass. Executors of the app don't need it.
 *
 * @internal
 */
export class RepeatableOutcome implements Outcome {
  readonly status: Outcome['status'];
  readonly value: unknown;
  readonly worker: string;
  readonly wait: number;
  readonly run: number;
  readonly #again: Packed | (() => unknown);

  /** @param again the value as it was sent, or a function that creates it again */
  constructor({ status, value, worker, wait, run }: Outcome, again: Packed | (() => unknown)) {
    this.status = status;
    this.value = value;
    this.worker = worker;
    this.wait = wait;
    this.run = run;
    this.#again = again;
  }

  /** Whether the value of an outcome can be created again. */
  static is(outcome: Outcome): outcome is RepeatableOutcome {
    return #again in outcome;
  }

  again(): unknown {
    return typeof this.#again === 'function' ? this.#again() : unpack(this.#again);
  }
}

/** An outcome for a call that didn't start, or whose worker and run time are not known. */
export function notStarted(error: unknown, wait = 0): Outcome {
  return { status: 'failed', value: error, worker: '', wait, run: 0 };
}

/** An outcome for a call whose client has disconnected. */
export function cancelled({ key, task }: Call): Outcome {
  return notStarted(
    new FutureCancelledError({
      key,
      task: task.id,
    }),
  );
}

/** How long a call may wait to start, in ms: until its deadline at most; undefined: no limit. */
export function queueTimeoutOf({ queueTimeout, deadline }: Call): number | undefined {
  if (deadline === undefined) return queueTimeout;
  const left = Math.max(0, deadline - performance.now());
  return Math.min(queueTimeout ?? left, left);
}

/** The error message of calls that an executor refuses or gives up at shutdown. */
export const SHUTTING_DOWN = 'The executor is shutting down and takes no more calls.';

/** @internal */
export function shuttingDown(): ExecutorSaturatedError {
  return new ExecutorSaturatedError(SHUTTING_DOWN, 1);
}
