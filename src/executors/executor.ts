import { FutureCancelledError } from '../errors/index.js';
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
  /** Key of the future it is for; undefined for calls of the `WorkerPool`. */
  readonly key: string | undefined;
  /** How long it may run, in ms. */
  readonly timeout: number;
  /** How long it may wait to be started, in ms; undefined: without limit. */
  readonly queueTimeout: number | undefined;
  /** Parts of `args` that are moved to the worker instead of copied. */
  readonly transferList: readonly Transferable[] | undefined;
}

/** A call whose arguments were written down already, when they were noted for comparison. @internal */
export interface PackedCall extends Call {
  /** At most {@link MAX_JSON} characters of JSON. */
  packed?: Packed | undefined;
}

/** The longest arguments that go as JSON, in characters: longer ones cost the event loop less as bytes. @internal */
export const MAX_JSON = 1024;

/** What may be moved between threads instead of copied. */
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
  /** Where it ran, such as `thread 3`; empty if it never started. */
  readonly worker: string;
  /** ms between the hand-over to the executor and the start. */
  readonly wait: number;
  /** ms it ran. */
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
 * What an executor is doing right now, and what it has done since it was made.
 *
 * @publicApi
 */
export interface ExecutorStats {
  /** Workers alive. */
  readonly workers: number;
  /** Calls waiting. */
  readonly queued: number;
  /** Calls handed to a worker and not ended yet. */
  readonly running: number;
  /** Calls that ended with a value, since the start. */
  readonly resolved: number;
  /** Calls that ended with an error, since the start. */
  readonly failed: number;
  /** How long calls waited to be started, lately (in one to two minutes), if that is measured. */
  readonly wait?: Percentiles;
  /** How long they ran, lately. */
  readonly run?: Percentiles;
  /** The share of the workers' time, at most workers, in which they ran tasks, lately: 0 to 1. */
  readonly utilization?: number;
}

/**
 * A place where tasks run. Implement it to run tasks where you like, and register it with the
 * option `executors`.
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
   * Runs all the calls of a pass. Settles each exactly once; a call that fails is an outcome, not
   * a rejection. The promise resolves to the outcomes in the order of the calls.
   *
   * When `signal` aborts, the client is gone: drop what is queued, stop what runs, settle the rest.
   */
  run(calls: readonly Call[], options: { readonly signal?: AbortSignal }): Promise<Outcome[]>;

  stats(): ExecutorStats;

  /** Ends the workers, after what is under way, or after `timeout` ms at the latest. */
  close(options: { readonly timeout: number }): Promise<void>;
}

/**
 * An outcome whose value, or error, can be made anew, so that a pass that changes it changes nothing
 * for the next one. An executor of the app needs no such thing.
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

  /** @param again the value as it was sent, or what makes it anew */
  constructor({ status, value, worker, wait, run }: Outcome, again: Packed | (() => unknown)) {
    this.status = status;
    this.value = value;
    this.worker = worker;
    this.wait = wait;
    this.run = run;
    this.#again = again;
  }

  /** Whether the value of an outcome can be made anew. */
  static is(outcome: Outcome): outcome is RepeatableOutcome {
    return #again in outcome;
  }

  again(): unknown {
    return typeof this.#again === 'function' ? this.#again() : unpack(this.#again);
  }
}

/** An outcome for a call that was never started, or whose end nobody waited for. */
export function notStarted(error: unknown, wait = 0): Outcome {
  return { status: 'failed', value: error, worker: '', wait, run: 0 };
}

/** An outcome for a call whose client has gone. */
export function cancelled({ key, task }: Call): Outcome {
  return notStarted(
    new FutureCancelledError({
      key,
      task: task.id,
    }),
  );
}

/** What a call is told that an executor does not take, or gives up, at shutdown. */
export const SHUTTING_DOWN = 'The executor is shutting down and takes no more calls.';

/**
 * Tells whether calls are still wanted. An `AbortSignal` says the same, but most requests end
 * without one being needed, and it would be the dearest object of a dispatch.
 *
 * @internal
 */
export interface Cancellation {
  readonly isCancelled: boolean;
  /** Has `listener` called when the calls are not wanted any more. */
  addListener(listener: () => void): void;
  removeListener(listener: () => void): void;
  /** The same as a signal, made when it is asked for. */
  readonly signal: AbortSignal;
}

/** What `Executor.run()` is given: a signal by callers from outside, more by our own. */
export type CancellationSource = { readonly signal?: AbortSignal } | Cancellation;

/** @internal */
export function cancellationOf(source: CancellationSource): Cancellation | undefined {
  if ('isCancelled' in source) return source;
  return source.signal && new SignalCancellation(source.signal);
}

class SignalCancellation implements Cancellation {
  constructor(readonly signal: AbortSignal) {}

  get isCancelled(): boolean {
    return this.signal.aborted;
  }

  addListener(listener: () => void): void {
    this.signal.addEventListener('abort', listener);
  }

  removeListener(listener: () => void): void {
    this.signal.removeEventListener('abort', listener);
  }
}
