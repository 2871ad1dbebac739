import type { FuturesModuleOptions, ThreadOptions } from '../futures.options.js';
import { resolveOptions } from '../resolve-options.js';
import { check, checkKnown } from '../options-check.js';
import {
  DEFAULT_LOCATION,
  checkLocation,
  withDefaults,
  type QueueLocation,
  type ResolvedLocation,
} from './bullmq.options.js';
import { TaskDirectory } from './task-directory.js';

/**
 * Options of `FuturesWorkerModule.forRoot()`.
 *
 * @publicApi
 */
export interface FuturesWorkerOptions extends QueueLocation {
  /** The task files whose tasks run here: what `taskFile()` returns. Nothing else can be run. */
  readonly tasks: readonly object[];
  /** Jobs taken at once. Default: the number of threads. */
  readonly concurrency?: number | undefined;
  /** The thread pool, as in `FuturesModule`; its `maxQueue` is of no use here. */
  readonly threads?: FuturesModuleOptions['threads'];
  /**
   * After how many ms without a sign of life a worker counts as dead, and the jobs it had are run
   * again elsewhere, or failed. It must be the same for all workers of a queue. Default: 10 000.
   */
  readonly stalledAfter?: number | undefined;
  /** How long, in ms, tasks may go on at shutdown; what is not done then counts as stalled. Default: 10 000. */
  readonly shutdownTimeout?: number | undefined;
}

/** @internal */
export interface ResolvedWorkerOptions extends ResolvedLocation {
  readonly tasks: TaskDirectory;
  readonly concurrency: number;
  readonly threads: ThreadOptions;
  readonly stalledAfter: number;
  readonly shutdownTimeout: number;
}

type Unresolved = Omit<ResolvedWorkerOptions, 'tasks' | 'threads' | 'concurrency' | 'seal'> &
  Pick<FuturesWorkerOptions, 'tasks' | 'threads' | 'concurrency' | 'secret'>;

const DEFAULTS = Object.freeze({
  ...DEFAULT_LOCATION,
  stalledAfter: 10_000,
  shutdownTimeout: 10_000,
});

/**
 * @throws FuturesOptionsError naming the option, its value and what is allowed
 * @internal
 */
export function resolveWorkerOptions(input: FuturesWorkerOptions): ResolvedWorkerOptions {
  check.object('options', input);
  const others = { tasks: 0, connection: 0, queue: 0, concurrency: 0, threads: 0, secret: 0 };
  checkKnown('', input, { ...others, ...DEFAULTS });
  const { secret, ...options } = withDefaults<Unresolved>(DEFAULTS, input);
  const seal = checkLocation({ ...options, secret });
  const { threads } = resolveOptions({
    // How many calls wait here is a matter of "concurrency": none is refused.
    threads: { ...options.threads, maxQueue: Number.MAX_SAFE_INTEGER },
  });
  const concurrency = options.concurrency ?? threads.max;
  check.integer('concurrency', concurrency, 1);
  check.duration('stalledAfter', options.stalledAfter, 100);
  check.duration('shutdownTimeout', options.shutdownTimeout, 0);
  return { ...options, seal, threads, concurrency, tasks: new TaskDirectory(options.tasks) };
}
