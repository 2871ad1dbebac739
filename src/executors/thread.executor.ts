import { limitsOf, type ThreadOptions } from '../futures.options.js';
import type { Workers } from './workers.js';
import { DispatchedExecutor } from './dispatched.executor.js';
import { workerEntry } from './worker-entry.js';

/**
 * Runs calls in worker threads, by piscina.
 *
 * @internal
 */
export class ThreadExecutor extends DispatchedExecutor {
  readonly #options: ThreadOptions;

  constructor(options: ThreadOptions) {
    super(options.maxQueue);
    this.#options = options;
  }

  protected async createWorkers(): Promise<Workers> {
    const { pool, min, max, idleTimeout, resourceLimits } = this.#options;
    const { PiscinaWorkers } = await import('./piscina-workers.js');
    if (pool !== undefined) return new PiscinaWorkers(pool, Infinity);
    const { Piscina } = await import('piscina');
    const threads = new Piscina({
      filename: workerEntry('#task-worker'),
      minThreads: min,
      maxThreads: max,
      // The dispatcher ends idle threads: they have something to close first.
      idleTimeout: Infinity,
      // A thread that waits for work goes on with what its tasks left open: sockets, timers.
      atomics: 'async',
      recordTiming: false,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
      workerData: { futures: limitsOf(this.#options) },
    });
    return new PiscinaWorkers(threads, idleTimeout);
  }
}
