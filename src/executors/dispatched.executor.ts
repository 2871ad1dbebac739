import type { Workers } from './pool/workers.js';
import { given, resolve } from '../errors/options.js';
import {
  type Call,
  type CancellationSource,
  type Executor,
  type ExecutorStats,
  type Outcome,
  cancellationOf,
} from './executor.js';
import { CallStats } from './stats.js';
import type { Dispatcher } from './pool/dispatcher.js';
import { BYTE_LIMITS, type ByteLimits, type ProcessOptions } from './pool-options.js';

const DEFAULT_LIMITS = resolve(BYTE_LIMITS, {});

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
  /** Undefined: those of the app that uses it. */
  readonly #ownLimits: Partial<ByteLimits>;
  #limits: ByteLimits = DEFAULT_LIMITS;
  /** Apps that use it and are not closed. */
  #apps = 0;
  #starting: Promise<Dispatcher> | undefined;
  #dispatcher: Dispatcher | undefined;
  #closed = false;

  constructor({ min, maxQueue }: ProcessOptions, limits: Partial<ByteLimits> = {}) {
    this.startsEarly = min > 0;
    this.#maxQueue = maxQueue;
    this.#ownLimits = given(limits);
    this.#limits = { ...DEFAULT_LIMITS, ...this.#ownLimits };
  }

  /**
   * An app uses it, one after the other or several at once: a module's options are made once, and
   * tests start an app for each.
   */
  attach(limits: ByteLimits): void {
    this.#limits = { ...limits, ...this.#ownLimits };
    this.#apps++;
    if (!this.#closed) return;
    this.#closed = false;
    this.#starting = undefined;
    this.#dispatcher = undefined;
  }

  /** An app that used it ends; with the last one, {@link close} ends the workers. */
  detach(): void {
    this.#apps--;
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
    if (this.#apps > 0) return;
    this.#closed = true;
    // Workers that were never asked for are not made to be closed.
    const dispatcher = this.#dispatcher ?? (await this.#starting);
    await dispatcher?.close(timeout);
  }

  protected abstract createWorkers(): Promise<Workers>;

  async #start(): Promise<Dispatcher> {
    // An app that has not used a future yet has not loaded this.
    const { Dispatcher } = await import('./pool/dispatcher.js');
    const workers = await this.createWorkers();
    const dispatcher = new Dispatcher(workers, this.#maxQueue, this.#limits);
    if (this.#closed) await dispatcher.close(0);
    this.#dispatcher = dispatcher;
    return dispatcher;
  }
}
