import { DrainRate } from '../executors/kit.js';
import { ExecutorSaturatedError } from '../index.js';
import type { ResolvedBullmqOptions } from './bullmq.options.js';
import type { RedisCommands } from './redis-commands.js';

/** How old a count may be, in ms: while the queue is far from full, and when it seems to be full. */
const MAX_AGE = 200;
const MAX_AGE_IF_FULL = 20;
/** When to try again, in s, if no worker is alive: about as long as one takes to start. */
const RETRY_WITHOUT_WORKERS = 5;

/**
 * How many jobs wait, of all who use the queue. It is counted now and then, beside what is sent; in
 * between, what this process adds is added up. Only a queue that seems to be full is counted before
 * a batch is refused.
 *
 * @internal
 */
export class Backlog {
  readonly #drain = new DrainRate();
  readonly #options: ResolvedBullmqOptions;
  /** Workers alive, as of the last count. */
  workers = 0;
  #waiting = 0;
  /** Jobs this process has added, ever; and when the last count was asked for. */
  #added = 0;
  #addedAtCount = 0;
  #countedAt = -Infinity;
  #counting: Promise<void> | undefined;
  /** Jobs that were taken by workers, ever, as of the last count. */
  #taken: number | undefined;

  constructor(options: ResolvedBullmqOptions) {
    this.#options = options;
  }

  /** Counts the jobs as added, or says why they cannot be. */
  async admit(jobs: number, redis: RedisCommands): Promise<ExecutorSaturatedError | undefined> {
    const { maxQueue, failWithoutWorkers } = this.#options;
    if (failWithoutWorkers) {
      await this.#count(redis, MAX_AGE);
      if (this.workers === 0) return this.withoutWorkers();
    }
    if (this.#expected + jobs > maxQueue) await this.#count(redis, MAX_AGE_IF_FULL);
    if (this.#expected + jobs > maxQueue) return this.#refusal(jobs);
    // Asked before they are sent, and so without them.
    this.#count(redis, MAX_AGE).catch(() => {
      // The next batch asks again.
    });
    this.#added += jobs;
    return undefined;
  }

  /** What calls fail with while no worker is alive, if the executor is told to fail them. */
  withoutWorkers(): ExecutorSaturatedError {
    return new ExecutorSaturatedError(`${noWorker(this.#options)}.`, RETRY_WITHOUT_WORKERS);
  }

  get #expected(): number {
    return this.#waiting + this.#added - this.#addedAtCount;
  }

  async #count(redis: RedisCommands, maxAge: number): Promise<void> {
    if (performance.now() - this.#countedAt < maxAge) return;
    this.#counting ??= this.#ask(redis).finally(() => (this.#counting = undefined));
    await this.#counting;
  }

  async #ask(redis: RedisCommands): Promise<void> {
    const added = this.#added;
    const count = await redis.count();
    this.#addedAtCount = added;
    this.#countedAt = performance.now();
    this.#waiting = count.waiting;
    this.workers = count.workers;
    const taken = count.added - count.waiting;
    if (this.#taken !== undefined) this.#drain.record(Math.max(0, taken - this.#taken));
    this.#taken = taken;
  }

  #refusal(jobs: number): ExecutorSaturatedError {
    const retryAfter = this.#drain.retryAfter(this.#expected + jobs);
    return new ExecutorSaturatedError(
      `The queue is full: ${this.#expected} jobs wait, ${jobs} more would exceed "maxQueue" (${this.#options.maxQueue}), so none of them was taken. ` +
        `Try again in ${retryAfter} s, add workers (${this.workers} are alive), or raise "maxQueue".`,
      retryAfter,
    );
  }
}

/** Says that no worker is alive, and what to do. */
export function noWorker({ queue, prefix }: ResolvedBullmqOptions): string {
  return (
    `No worker is alive for the queue "${queue}" (prefix "${prefix}"). ` +
    `Start one, an app with FuturesWorkerModule.forRoot({ queue: '${queue}', prefix: '${prefix}', … }), ` +
    `or see that it has the same connection, queue and prefix`
  );
}
