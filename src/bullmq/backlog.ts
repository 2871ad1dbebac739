import { DrainRate } from '../executors/kit.js';
import { ExecutorSaturatedError } from '../index.js';
import type { ResolvedBullmqOptions } from './bullmq.options.js';
import type { RedisCommands } from './redis-commands.js';

/** Maximum age of a count, in ms: normally, and when the queue seems to be full. */
const MAX_AGE = 200;
const MAX_AGE_IF_FULL = 20;
/** Retry-After, in s, if no worker is alive: about as long as a worker takes to start. */
const RETRY_WITHOUT_WORKERS = 5;

/**
 * How many jobs wait in the queue, added by any process. Redis is asked now and then; in between,
 * the jobs that this process adds are added up. A batch waits for a fresh count only if the queue
 * seems to be full, or if `failWithoutWorkers` is set.
 *
 * @internal
 */
export class Backlog {
  readonly #drain = new DrainRate();
  readonly #options: ResolvedBullmqOptions;
  /** Workers alive, as of the last count or beat. */
  workers = 0;
  #waiting = 0;
  /** Jobs that this process has added: in total, and up to the last count. */
  #added = 0;
  #addedAtCount = 0;
  #countedAt = -Infinity;
  #counting: Promise<void> | undefined;
  /** Jobs that workers had taken in total, as of the last count. */
  #taken: number | undefined;

  constructor(options: ResolvedBullmqOptions) {
    this.#options = options;
  }

  /** Counts the jobs as added, or resolves to the reason why they are refused. */
  async admit(jobs: number, redis: RedisCommands): Promise<ExecutorSaturatedError | undefined> {
    const { maxQueue, failWithoutWorkers } = this.#options;
    if (failWithoutWorkers) {
      await this.#count(redis, MAX_AGE);
      if (this.workers === 0) return this.withoutWorkers();
    }
    if (this.#expected + jobs > maxQueue) await this.#count(redis, MAX_AGE_IF_FULL);
    if (this.#expected + jobs > maxQueue) return this.#refusal(jobs);
    // The count is requested before the jobs are sent, so it doesn't include them.
    this.#count(redis, MAX_AGE).catch(() => {
      // The next batch asks again.
    });
    this.#added += jobs;
    return undefined;
  }

  /** The error of calls while no worker is alive, if `failWithoutWorkers` is set. */
  withoutWorkers(): ExecutorSaturatedError {
    return new ExecutorSaturatedError(`${noWorker(this.#options)}.`, RETRY_WITHOUT_WORKERS);
  }

  /** Counts the workers, and the jobs that wait, unless that was done just now. */
  count(redis: RedisCommands): Promise<void> {
    return this.#count(redis, MAX_AGE);
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

/** Says that no worker is alive, and what to do about it. */
export function noWorker({ queue, prefix }: ResolvedBullmqOptions): string {
  return (
    `No worker is alive for the queue "${queue}" (prefix "${prefix}"). ` +
    `Start one, an app with FuturesWorkerModule.forRoot({ queue: '${queue}', prefix: '${prefix}', … }), ` +
    `or see that it has the same connection, queue and prefix`
  );
}
