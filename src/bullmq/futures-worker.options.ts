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
  /** Jobs taken at once. Default: the number of threads. */
  concurrency: optional<number>(integer(1)),
  /** The thread pool, as in `FuturesModule`; its `maxQueue` is of no use here. */
  threads: pool(THREAD_OPTIONS),
  /**
   * After how many ms without a sign of life a worker counts as dead, and the jobs it had are run
   * again elsewhere, or failed. It must be the same for all workers of a queue. Default: 10 000.
   */
  stalledAfter: option(duration(100), 10_000),
  /** How long, in ms, tasks may go on at shutdown; what is not done then counts as stalled. Default: 10 000. */
  shutdownTimeout: option(duration(0), 10_000),
};

/**
 * Options of `FuturesWorkerModule.forRoot()`.
 *
 * @publicApi
 */
export type FuturesWorkerOptions = QueueAddress & {
  /** The task files whose tasks run here: what `taskFile()` returns. Nothing else can be run. */
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
  // How many calls wait here is a matter of "concurrency": none is refused.
  const threads = { ...options.threads, maxQueue: Number.MAX_SAFE_INTEGER };
  return {
    ...options,
    threads,
    concurrency: options.concurrency ?? threads.max,
    tasks: new TaskDirectory(options.tasks),
  };
}
