import type { ProcessOptions } from '../futures.options.js';
import { DispatchedExecutor } from './dispatched.executor.js';
import type { Workers } from './workers.js';

/**
 * Runs calls in child processes, by workerpool: for tasks that may take their process down (native
 * code), or that need one of their own. A message costs more than with threads, and carries one call.
 *
 * @internal
 */
export class ProcessExecutor extends DispatchedExecutor {
  readonly #options: ProcessOptions;

  constructor(options: ProcessOptions) {
    super(options.maxQueue);
    this.#options = options;
  }

  protected async createWorkers(): Promise<Workers> {
    const { WorkerpoolWorkers } = await import('./workerpool-workers.js');
    const { default: workerpool } = (await import('workerpool')) as unknown as {
      default: typeof import('workerpool');
    };
    return new WorkerpoolWorkers(workerpool, this.#options);
  }
}
