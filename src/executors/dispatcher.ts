import { ExecutorSaturatedError, FutureTimeoutError } from '../errors/index.js';
import { epochNow } from '../tasks/worker-protocol.js';
import { CallQueue, type Job } from './call-queue.js';
import { ChunkRunner } from './chunk-runner.js';
import type { Workers } from './workers.js';
import { DrainRate } from './drain-rate.js';
import { DurationEstimates } from './duration-estimates.js';
import {
  SHUTTING_DOWN,
  cancelled,
  notStarted,
  type Call,
  type ExecutorStats,
  type Outcome,
} from './executor.js';

/** Expected run of one message, in ms: small enough to spread the work, large enough to pay for the message. */
const MIN_CHUNK = 0.25;
const MAX_CHUNK = 1;

/**
 * Brings calls to workers: one queue for all requests, and as many messages under way as there are
 * workers. A worker that comes free is sent the next calls as one message: many short ones, or one
 * long one. Under load a message carries calls of several requests, so its cost is shared.
 *
 * @internal
 */
export class Dispatcher {
  readonly #queue = new CallQueue();
  readonly #estimates = new DurationEstimates();
  readonly #drain = new DrainRate();
  readonly #runner: ChunkRunner;
  readonly #workers: Workers;
  readonly #maxQueue: number;
  #resolved = 0;
  #failed = 0;
  #closing = false;

  constructor(workers: Workers, maxQueue: number) {
    this.#workers = workers;
    this.#maxQueue = maxQueue;
    this.#runner = new ChunkRunner(workers, {
      measured: (job, run) => this.#estimates.record(job.call.task.id, run),
      takenBack: (jobs) => this.#queue.unshift(jobs),
      free: () => this.#pump(),
      hasQueue: () => this.#queue.size > 0,
    });
  }

  run(calls: readonly Call[], signal?: AbortSignal): Promise<Outcome[]> {
    if (calls.length === 0) return Promise.resolve([]);
    const refusal = this.#refusal(calls.length);
    if (refusal !== undefined) return Promise.resolve(calls.map(() => notStarted(refusal)));
    if (signal?.aborted === true) return Promise.resolve(calls.map(cancelled));
    return new Promise((resolve) => {
      const outcomes = new Array<Outcome>(calls.length);
      const queuedAt = epochNow();
      let open = calls.length;
      const jobs = calls.map((call, i) => {
        const job: Job = {
          call,
          queuedAt,
          estimate: this.#estimate(call),
          settled: false,
          queued: false,
          queueTimer: undefined,
          deaths: 0,
          falseStarts: 0,
          settle: (outcome) => {
            if (job.settled) return;
            job.settled = true;
            clearTimeout(job.queueTimer);
            outcomes[i] = outcome;
            this.#count(outcome);
            if (--open > 0) return;
            signal?.removeEventListener('abort', abort);
            resolve(outcomes);
          },
        };
        return job;
      });
      const abort = () => this.#cancel(jobs);
      signal?.addEventListener('abort', abort);
      for (const job of jobs) this.#enqueue(job);
      this.#pump();
    });
  }

  /** What workers post while they work. */
  readonly onMessage = (message: unknown): void => this.#runner.onMessage(message);

  stats(): ExecutorStats {
    return {
      workers: this.#workers.alive,
      queued: this.#queue.size,
      running: this.#runner.running,
      resolved: this.#resolved,
      failed: this.#failed,
    };
  }

  async close(timeout: number): Promise<void> {
    this.#closing = true;
    await this.#runner.drained(timeout, () => this.#queue.size === 0);
    const error = new ExecutorSaturatedError(SHUTTING_DOWN, 1);
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      job.settle(notStarted(error));
    }
    this.#runner.abandon(notStarted(error));
    await this.#workers.close();
  }

  #refusal(calls: number): ExecutorSaturatedError | undefined {
    if (this.#closing) return new ExecutorSaturatedError(SHUTTING_DOWN, 1);
    const startable = this.#queue.size > 0 ? 0 : this.#runner.free;
    if (this.#queue.size + calls - startable <= this.#maxQueue) return undefined;
    const retryAfter = this.#drain.retryAfter(this.#queue.size + calls);
    return new ExecutorSaturatedError(
      `The executor's queue is full: ${this.#queue.size} calls wait, ${calls} more would exceed "maxQueue" (${this.#maxQueue}), so none of them was taken. ` +
        `Try again in ${retryAfter} s, add workers ("max"), or raise "maxQueue".`,
      retryAfter,
    );
  }

  #enqueue(job: Job): void {
    this.#queue.push(job);
    const { queueTimeout, key, task } = job.call;
    if (queueTimeout === undefined) return;
    job.queueTimer = setTimeout(() => {
      if (job.queued) this.#queue.drop(job);
      else if (!this.#runner.withdraw(job)) return;
      const error = new FutureTimeoutError('queue', queueTimeout, { key, task: task.id });
      job.settle(notStarted(error, queueTimeout));
    }, queueTimeout);
  }

  #pump(): void {
    while (this.#queue.size > 0 && this.#runner.free > 0) this.#runner.send(this.#take());
  }

  /** The jobs of the next message. */
  #take(): Job[] {
    const share = this.#queue.cost / (2 * this.#workers.width);
    const budget = Math.min(MAX_CHUNK, Math.max(MIN_CHUNK, share));
    const jobs: Job[] = [];
    let expected = 0;
    for (let job = this.#queue.peek(); job !== undefined; job = this.#queue.peek()) {
      if (jobs.length >= this.#workers.maxCalls) break;
      expected += job.estimate;
      if (jobs.length > 0 && expected > budget) break;
      this.#queue.shift();
      jobs.push(job);
    }
    return jobs;
  }

  #cancel(jobs: readonly Job[]): void {
    const open = jobs.filter((job) => !job.settled);
    // All are settled before the first is taken back from its worker, lest the next be sent again.
    for (const job of open) {
      if (job.queued) this.#queue.drop(job);
      job.settle(cancelled(job.call));
    }
    for (const job of open) this.#runner.cancel(job);
  }

  /** A call that moves its arguments counts as long: it goes alone, as it cannot be sent again. */
  #estimate({ task, transferList = [] }: Call): number {
    return transferList.length > 0 ? Infinity : this.#estimates.of(task.id);
  }

  #count(outcome: Outcome): void {
    if (outcome.status === 'resolved') this.#resolved++;
    else this.#failed++;
    this.#drain.record(1);
  }
}
