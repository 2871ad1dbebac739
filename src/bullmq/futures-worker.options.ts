import {
  type Given,
  THREAD_OPTIONS,
  duration,
  integer,
  is,
  option,
  optional,
  pool,
  required,
  resolve,
} from '../executors/kit.js';
import type { ThreadOptions } from '../index.js';
import { LOCATION, sealed, type QueueAddress, type ResolvedLocation } from './bullmq.options.js';
import { TaskDirectory } from './task-directory.js';

const OPTIONS = {
  ...LOCATION,
  tasks: required<readonly object[]>(is.anything),
  /** Number of jobs to run at once. Default: the number of threads. */
  concurrency: optional<number>(integer(1)),
  /** The thread pool, as in `FuturesModule`; its `maxQueue` has no effect here. */
  threads: pool(THREAD_OPTIONS),
  /**
   * After how many ms without a sign of life a worker counts as dead. Its jobs then run again
   * elsewhere, or fail. Must be the same for all workers of a queue. Default: 10 000.
   */
  stalledAfter: option(duration(100), 10_000),
  /** How long, in ms, tasks may run on at shutdown; unfinished jobs then stall. Default: 10 000. */
  shutdownTimeout: option(duration(0), 10_000),
};

/**
 * Options of `FuturesWorkerModule.forRoot()`.
 *
 * @publicApi
 */
export type FuturesWorkerOptions = QueueAddress & {
  /** The task files whose tasks run here, as `taskFile()` returns them. No other task runs. */
  readonly tasks: readonly object[];
} & Omit<Given<typeof OPTIONS>, keyof QueueAddress | 'tasks'>;

/** @internal */
export interface ResolvedWorkerOptions extends ResolvedLocation {
  readonly tasks: TaskDirectory;
  readonly concurrency: number;
  readonly threads: ThreadOptions;
  readonly stalledAfter: number;
  readonly shutdownTimeout: number;
}

/**
 * @throws FuturesOptionsError that names the option, its value and what is allowed
 * @internal
 */
export function resolveWorkerOptions(input: FuturesWorkerOptions): ResolvedWorkerOptions {
  const options = sealed(resolve(OPTIONS, input));
  // "concurrency" limits how many calls wait here, so the pool must not refuse any.
  const threads = { ...options.threads, maxQueue: Number.MAX_SAFE_INTEGER };
  return {
    ...options,
    threads,
    concurrency: options.concurrency ?? threads.max,
    tasks: new TaskDirectory(options.tasks),
  };
}
