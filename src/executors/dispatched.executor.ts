import type { ProcessOptions } from '../futures.options.js';
import type { Workers } from './workers.js';
import { cancellationOf, type CancellationSource } from './cancellation.js';
import { CallStats } from './call-stats.js';
import type { Dispatcher } from './dispatcher.js';
import type { ByteLimits } from './wire.js';
import type { Call, Executor, ExecutorStats, Outcome } from './executor.js';

function unused(): ExecutorStats {
  return { workers: 0, queued: 0, running: 0, ...new CallStats().summary(0, 0) };
}

/**
 * An executor whose calls go to workers by a dispatcher. The workers are made when it is first
 * used, or at once by {@link start}.
 *
 * @internal
 */
export abstract class DispatchedExecutor implements Executor {
  /** Whether there are workers that are wanted from the start. */
  readonly startsEarly: boolean;
  readonly #maxQueue: number;
  readonly #limits: ByteLimits;
  #starting: Promise<Dispatcher> | undefined;
  #dispatcher: Dispatcher | undefined;
  #closed = false;

  constructor({ min, maxQueue }: ProcessOptions, limits: ByteLimits) {
    this.startsEarly = min > 0;
    this.#maxQueue = maxQueue;
    this.#limits = limits;
  }

  run(calls: readonly Call[], source: CancellationSource = {}): Promise<Outcome[]> {
    const cancellation = cancellationOf(source);
    if (this.#dispatcher !== undefined) return this.#dispatcher.run(calls, cancellation);
    return this.start().then((dispatcher) => dispatcher.run(calls, cancellation));
  }

  /** Makes the workers. */
  start(): Promise<Dispatcher> {
    return (this.#starting ??= this.#start());
  }

  stats(): ExecutorStats {
    return this.#dispatcher?.stats() ?? unused();
  }

  async close({ timeout }: { readonly timeout: number }): Promise<void> {
    this.#closed = true;
    // Workers that were never asked for are not made to be closed.
    const dispatcher = this.#dispatcher ?? (await this.#starting);
    await dispatcher?.close(timeout);
  }

  protected abstract createWorkers(): Promise<Workers>;

  async #start(): Promise<Dispatcher> {
    // An app that has not used a future yet has not loaded this.
    const { Dispatcher } = await import('./dispatcher.js');
    const workers = await this.createWorkers();
    const dispatcher = new Dispatcher(workers, this.#maxQueue, this.#limits);
    if (this.#closed) await dispatcher.close(0);
    this.#dispatcher = dispatcher;
    return dispatcher;
  }
}
