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
import type { Scheduler } from './pool/scheduler.js';
import { BYTE_LIMITS, type ByteLimits, type ProcessOptions } from './pool-options.js';

const DEFAULT_LIMITS = resolve(BYTE_LIMITS, {});

function unused(): ExecutorStats {
  return { workers: 0, queued: 0, running: 0, ...new CallStats().summary(0, 0) };
}

/**
 * An executor that runs its calls on workers through a scheduler. The workers are created on first
 * use, or earlier by {@link start}.
 *
 * @internal
 */
export abstract class PoolExecutor implements Executor {
  /** Whether the pool keeps workers from startup on (`min` above 0). */
  readonly startsEarly: boolean;
  readonly #maxQueue: number;
  /** Limits that are missing here are those of the app that uses the executor. */
  readonly #ownLimits: Partial<ByteLimits>;
  #limits: ByteLimits = DEFAULT_LIMITS;
  /** Apps that use the executor and are not closed. */
  #apps = 0;
  #starting: Promise<Scheduler> | undefined;
  #scheduler: Scheduler | undefined;
  #closed = false;

  constructor({ min, maxQueue }: ProcessOptions, limits: Partial<ByteLimits> = {}) {
    this.startsEarly = min > 0;
    this.#maxQueue = maxQueue;
    this.#ownLimits = given(limits);
    this.#limits = { ...DEFAULT_LIMITS, ...this.#ownLimits };
  }

  /**
   * Registers an app. Several apps may use the executor, at once or one after the other: tests
   * start one app each, from module options that are created once.
   */
  attach(limits: ByteLimits): void {
    this.#limits = { ...limits, ...this.#ownLimits };
    this.#apps++;
    if (!this.#closed) return;
    this.#closed = false;
    this.#starting = undefined;
    this.#scheduler = undefined;
  }

  /** Unregisters an app. After the last one, {@link close} ends the workers. */
  detach(): void {
    this.#apps--;
  }

  run(calls: readonly Call[], source: CancellationSource = {}): Promise<Outcome[]> {
    const cancellation = cancellationOf(source);
    if (this.#scheduler !== undefined) return this.#scheduler.run(calls, cancellation);
    return this.start().then((scheduler) => scheduler.run(calls, cancellation));
  }

  /** Creates the scheduler and its workers, once. */
  start(): Promise<Scheduler> {
    return (this.#starting ??= this.#start());
  }

  stats(): ExecutorStats {
    return this.#scheduler?.stats() ?? unused();
  }

  async close({ timeout }: { readonly timeout: number }): Promise<void> {
    if (this.#apps > 0) return;
    this.#closed = true;
    // Workers that were never needed are not created just to be closed.
    const scheduler = this.#scheduler ?? (await this.#starting);
    await scheduler?.close(timeout);
  }

  protected abstract createWorkers(): Promise<Workers>;

  async #start(): Promise<Scheduler> {
    // Loaded here, so that an app that uses no future never loads it.
    const { Scheduler } = await import('./pool/scheduler.js');
    const workers = await this.createWorkers();
    const scheduler = new Scheduler(workers, this.#maxQueue, this.#limits);
    if (this.#closed) await scheduler.close(0);
    this.#scheduler = scheduler;
    return scheduler;
  }
}
