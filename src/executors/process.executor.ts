import type { Given } from '../errors/options.js';
import { PoolExecutor } from './pool.executor.js';
import type { Executor } from './executor.js';
import {
  BYTE_LIMITS,
  PROCESS_OPTIONS,
  resolvePoolOptions,
  type ByteLimits,
  type ProcessOptions,
} from './pool-options.js';
import { type Workers, workerEntry } from './pool/workers.js';

/**
 * Options of {@link processExecutor}: those of the module's option `processes`, plus
 * `maxArgumentBytes` and `maxResultBytes`.
 *
 * @publicApi
 */
export type ProcessExecutorOptions = Given<typeof PROCESS_OPTIONS> & Given<typeof BYTE_LIMITS>;

/**
 * Creates a separate process pool beside the module's. Its processes start on first use, or at
 * startup if `min` is not 0. They exit with the app.
 *
 * @throws FuturesOptionsError naming the option, its value and what is allowed
 *
 * @example
 * ```ts
 * FuturesModule.forRoot({ executors: { native: processExecutor({ max: 1 }) } });
 * ```
 *
 * @publicApi
 */
export function processExecutor(options: ProcessExecutorOptions = {}): Executor {
  return new ProcessExecutor(...resolvePoolOptions('processes', PROCESS_OPTIONS, options));
}

/**
 * Runs calls in child processes: for tasks that may crash their process (native code), or that need
 * their own. A message is more expensive than with threads, and carries one call.
 *
 * @internal
 */
export class ProcessExecutor extends PoolExecutor {
  readonly #options: ProcessOptions;

  constructor(options: ProcessOptions, limits: Partial<ByteLimits> = {}) {
    super(options, limits);
    this.#options = options;
  }

  protected async createWorkers(): Promise<Workers> {
    // Otherwise each child would fail for it, as if it had died.
    workerEntry('#task-process');
    const { ProcessWorkers } = await import('./pool/process-workers.js');
    return new ProcessWorkers(this.#options);
  }
}
