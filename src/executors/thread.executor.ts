import type { Given } from '../errors/options.js';
import type { Executor } from './executor.js';
import { type Workers, workerEntry } from './pool/workers.js';
import {
  BYTE_LIMITS,
  THREAD_OPTIONS,
  settingsOf,
  resolvePoolOptions,
  type ByteLimits,
  type ThreadOptions,
} from './pool-options.js';
import { THREAD_SETTINGS } from '../wire/protocol.js';
import { PoolExecutor } from './pool.executor.js';

/**
 * Options of {@link threadExecutor}: those of the module's option `threads`, plus
 * `maxArgumentBytes` and `maxResultBytes`.
 *
 * @publicApi
 */
export type ThreadExecutorOptions = Given<typeof THREAD_OPTIONS> & Given<typeof BYTE_LIMITS>;

/**
 * Creates a separate thread pool beside the module's. A route whose tasks flood this pool doesn't
 * occupy the threads of the others. Its threads start on first use, or at startup if `min` is not
 * 0. They exit with the app.
 *
 * @throws FuturesOptionsError naming the option, its value and what is allowed
 *
 * @example
 * ```ts
 * FuturesModule.forRoot({ executors: { reports: threadExecutor({ max: 1 }) } });
 * futures.using({ executor: 'reports' }).resultOrSubmit('report', '', tasks.renderReport, rows);
 * ```
 *
 * @publicApi
 */
export function threadExecutor(options: ThreadExecutorOptions = {}): Executor {
  return new ThreadExecutor(...resolvePoolOptions('threads', THREAD_OPTIONS, options));
}

/**
 * Runs calls in worker threads, with piscina.
 *
 * @internal
 */
export class ThreadExecutor extends PoolExecutor {
  readonly #options: ThreadOptions;

  constructor(options: ThreadOptions, limits: Partial<ByteLimits> = {}) {
    super(options, limits);
    this.#options = options;
  }

  protected async createWorkers(): Promise<Workers> {
    const { pool, min, max, resourceLimits, env, execArgv, workerData } = this.#options;
    const { PiscinaWorkers } = await import('./pool/piscina-workers.js');
    if (pool !== undefined) return new PiscinaWorkers(pool, this.#options);
    const settings = JSON.stringify(settingsOf(this.#options));
    const threads = {
      filename: workerEntry('#task-worker'),
      minThreads: min,
      maxThreads: max,
      // The scheduler ends idle threads: they must close their task contexts first.
      idleTimeout: Infinity,
      // A thread that waits for work keeps serving what its tasks left open: sockets, timers.
      atomics: 'async' as const,
      recordTiming: false,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
      ...(env === undefined ? {} : { env: env as NodeJS.ProcessEnv }),
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
      workerData,
      argv: [THREAD_SETTINGS + settings],
    };
    return PiscinaWorkers.create(threads, this.#options);
  }
}
