import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { duration, is, integer, option, optional, resolve, type Given } from '../executors/kit.js';
import { type ExecutorStats, FuturesOptionsError, WorkerPool } from '../index.js';

/** After this many failed starts in a row, an executor counts as unable to start workers. */
const FAILED_STARTS = 2;
/**
 * How long, in ms, failed starts count if no worker has been started since. An executor without
 * calls starts none, and an app that is not ready gets no calls.
 */
const FORGET_AFTER = 30_000;

const OPTIONS = {
  /** Names of the executors that matter. Default: all. */
  executors: optional<readonly string[]>(is.array),
  /** How many calls may wait in the queue of an executor. Default: 1,000. */
  maxQueued: option<number>(integer(0), 1_000),
  /** For how long there may be more, in ms, as far as the checks see it. Default: 30,000. */
  queuedFor: option<number>(duration(0), 30_000),
};

/** When an app counts as ready; all options are optional. */
export type ReadinessOptions = Given<typeof OPTIONS>;

/**
 * Tells `@nestjs/terminus` how the executors of the app are.
 *
 * @example
 * ```ts
 * @HealthCheck()
 * @Get('ready')
 * ready() {
 *   return this.health.check([() => this.futures.isReady('futures')]);
 * }
 * ```
 *
 * @publicApi
 */
@Injectable()
export class FuturesHealthIndicator implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #pool: WorkerPool;
  readonly #indicators: HealthIndicatorService;
  #state: 'starting' | 'up' | 'shutting down' = 'starting';
  /** The failed starts of each executor, and since when it is that many. */
  readonly #failedStarts = new Map<string, { readonly count: number; readonly since: number }>();
  /** Since when a queue is over its limit, by the key of the check and the executor's name. */
  readonly #overSince = new Map<string, number>();

  constructor(pool: WorkerPool, indicators: HealthIndicatorService) {
    this.#pool = pool;
    this.#indicators = indicators;
  }

  /** What the executors preload is loaded by now. */
  onApplicationBootstrap(): void {
    this.#state = 'up';
  }

  onModuleDestroy(): void {
    this.#state = 'shutting down';
  }

  /**
   * For a liveness probe: down if an executor cannot start workers. Full queues, and workers of
   * other processes, don't matter: to start this process again would not help.
   *
   * @param key name of the check in the answer
   */
  isAlive<const Key extends string>(key: Key): HealthIndicatorResult<Key> {
    const stats = Object.entries(this.#pool.stats());
    return this.#result(
      key,
      stats.map(([name, each]) => this.#failingStarts(name, each)),
    );
  }

  /**
   * For a readiness probe: down until the app has started, with all that its executors preload,
   * and again when it shuts down; if an executor cannot start workers; if its queue is too long for
   * too long; and if it has its workers elsewhere, and none of them is alive.
   *
   * @param key name of the check in the answer
   * @throws FuturesOptionsError naming the option, its value and what is allowed
   */
  async isReady<const Key extends string>(
    key: Key,
    options: ReadinessOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const limits = resolve(OPTIONS, options);
    const stats = this.#pool.stats();
    const { executors = Object.keys(stats) } = limits;
    const unknown = executors.find((name) => stats[name] === undefined);
    if (unknown !== undefined) {
      throw new FuturesOptionsError(
        `The option "executors" has "${unknown}", which is not an executor of this app. ` +
          `The executors are: ${Object.keys(stats).join(', ')}.`,
      );
    }
    if (this.#state !== 'up') return this.#result(key, [`The app is ${this.#state}.`]);
    const reasons = executors.flatMap((name) => [
      this.#failingStarts(name, stats[name] as ExecutorStats),
      this.#longQueue(`${key} ${name}`, name, stats[name] as ExecutorStats, limits),
    ]);
    const answers = await Promise.all(executors.map(async (name) => this.#noWorkers(name)));
    return this.#result(key, [...reasons, ...answers]);
  }

  #result<Key extends string>(
    key: Key,
    reasons: readonly (string | undefined)[],
  ): HealthIndicatorResult<Key> {
    const indicator = this.#indicators.check(key);
    const text = reasons.filter((each) => each !== undefined).join(' ');
    return text === '' ? indicator.up() : indicator.down(text);
  }

  #failingStarts(name: string, { failedStarts = 0 }: ExecutorStats): string | undefined {
    const now = performance.now();
    const seen = this.#failedStarts.get(name);
    const since = seen?.count === failedStarts ? seen.since : now;
    this.#failedStarts.set(name, { count: failedStarts, since });
    if (failedStarts < FAILED_STARTS || now - since >= FORGET_AFTER) return undefined;
    return `The executor "${name}" cannot start workers: ${failedStarts} in a row died before they were ready.`;
  }

  #longQueue(
    id: string,
    name: string,
    { queued }: ExecutorStats,
    { maxQueued, queuedFor }: { readonly maxQueued: number; readonly queuedFor: number },
  ): string | undefined {
    if (queued <= maxQueued) {
      this.#overSince.delete(id);
      return undefined;
    }
    const now = performance.now();
    const since = this.#overSince.get(id) ?? now;
    this.#overSince.set(id, since);
    if (now - since < queuedFor) return undefined;
    return `${queued} calls wait in the executor "${name}"; there have been more than ${maxQueued} for ${Math.round(now - since)} ms.`;
  }

  async #noWorkers(name: string): Promise<string | undefined> {
    try {
      const workers = await this.#pool.remoteWorkers(name);
      return workers === 0 ? `The executor "${name}" has no worker.` : undefined;
    } catch (error) {
      return `The executor "${name}" does not answer: ${messageOf(error)}`;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'it gives no reason.';
}
