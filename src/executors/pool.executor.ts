import type { Workers } from './pool/workers.js';
import { given, resolve } from '../errors/options.js';
import {
  type Call,
  type Executor,
  type ExecutorStats,
  type Outcome,
  notStarted,
} from './executor.js';
import { type CancellationSource, cancellationOf } from './cancellation.js';
import { CallStats } from './stats.js';
import type { Pool } from './pool/pool.js';
import { BYTE_LIMITS, type ByteLimits, type ProcessOptions } from './pool-options.js';

const DEFAULT_LIMITS = resolve(BYTE_LIMITS, {});

/**
 * An executor that runs its calls on a pool of workers. The workers are created on first
 * use, or earlier by {@link start}.
 *
 * @internal
 */
export abstract class PoolExecutor implements Executor {
  /** Whether the pool keeps workers from startup on (`min` above 0). */
  readonly startsEarly: boolean;
  readonly #max: number;
  readonly #maxQueue: number;
  /** Limits that are missing here are those of the app that uses the executor. */
  readonly #ownLimits: Partial<ByteLimits>;
  #limits: ByteLimits = DEFAULT_LIMITS;
  /** Apps that use the executor and are not closed. */
  #apps = 0;
  #starting: Promise<Pool> | undefined;
  #pool: Pool | undefined;
  #closed = false;

  constructor(
    { min, max, maxQueue }: Pick<ProcessOptions, 'min' | 'max' | 'maxQueue'>,
    limits: Partial<ByteLimits> = {},
  ) {
    this.startsEarly = min > 0;
    this.#max = max;
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
    this.#pool = undefined;
  }

  /** Unregisters an app. After the last one, {@link close} ends the workers. */
  detach(): void {
    this.#apps--;
  }

  run(calls: readonly Call[], source: CancellationSource = {}): Promise<Outcome[]> {
    if (calls.length === 0) return Promise.resolve([]);
    const cancellation = cancellationOf(source);
    if (this.#pool !== undefined) return this.#pool.run(calls, cancellation);
    return this.start().then(
      (pool) => pool.run(calls, cancellation),
      (error: unknown) => calls.map(() => notStarted(error)),
    );
  }

  /** Creates the pool, once. */
  start(): Promise<Pool> {
    return (this.#starting ??= this.#start());
  }

  stats(): ExecutorStats {
    if (this.#pool !== undefined) return this.#pool.stats();
    const none = { workers: 0, replaced: 0, failedStarts: 0, queued: 0, running: 0 };
    return { ...none, maxWorkers: this.#max, ...new CallStats().summary(0, 0) };
  }

  async close({ timeout }: { readonly timeout: number }): Promise<void> {
    if (this.#apps > 0) return;
    this.#closed = true;
    // Workers that were never needed are not created just to be closed.
    const pool = this.#pool ?? (await this.#starting);
    if (pool === undefined) return;
    // Neither workers nor their timers keep the process alive, and what awaits this must go on.
    const hold = setInterval(() => {}, 1_000);
    await pool.close(timeout).finally(() => clearInterval(hold));
  }

  protected abstract createWorkers(): Promise<Workers>;

  async #start(): Promise<Pool> {
    // Loaded here, so that an app that uses no future never loads it.
    const { Pool } = await import('./pool/pool.js');
    const workers = await this.createWorkers();
    const pool = new Pool(workers, this.#maxQueue, this.#limits);
    try {
      await workers.preloading.done;
    } catch (error) {
      this.#starting = undefined;
      await pool.close(0);
      throw error;
    }
    if (this.#closed) await pool.close(0);
    this.#pool = pool;
    return pool;
  }
}
