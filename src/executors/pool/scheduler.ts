import { ExecutorSaturatedError, FutureTimeoutError } from '../../errors/index.js';
import { monotonicNow } from '../../wire/clock.js';
import { type Call, type ExecutorStats, type Outcome, notStarted } from '../executor.js';
import type { ByteLimits } from '../pool-options.js';
import { CallHistory } from './history.js';
import { Batch, type Job } from './job.js';
import { JobQueue } from './job-queue.js';
import { packArguments } from './wire.js';
import type { Workers } from './workers.js';

/** Bounds of a message's expected run, in ms: short enough to spread work, long enough to pay. */
const MIN_MESSAGE = 0.25;
const MAX_MESSAGE = 1;

/**
 * Decides which jobs go into the next message: many short ones, or one long one. One queue serves
 * all requests, so under load a message carries calls of several requests, which share its cost.
 *
 * @internal
 */
export class Scheduler {
  readonly #queue = new JobQueue();
  readonly #history = new CallHistory();
  readonly #workers: Pick<Workers, 'width' | 'maxCalls' | 'canShare'>;
  readonly #maxQueue: number;
  readonly #limits: ByteLimits;

  constructor(
    workers: Pick<Workers, 'width' | 'maxCalls' | 'canShare'>,
    maxQueue: number,
    limits: ByteLimits,
  ) {
    this.#workers = workers;
    this.#maxQueue = maxQueue;
    this.#limits = limits;
  }

  /** How many jobs wait. */
  get size(): number {
    return this.#queue.size;
  }

  /**
   * Says why calls are not taken; undefined if they are.
   *
   * @param free how many messages could be sent now
   */
  refusal(calls: number, free: number): ExecutorSaturatedError | undefined {
    const { size } = this.#queue;
    if (size + calls - free <= this.#maxQueue) return undefined;
    const retryAfter = this.#history.retryAfter(size + calls);
    return new ExecutorSaturatedError(
      `The executor's queue is full: ${size} calls wait, ${calls} more would exceed "maxQueue" (${this.#maxQueue}), so none of them was taken. ` +
        `Try again in ${retryAfter} s, add workers ("max"), or raise "maxQueue".`,
      retryAfter,
    );
  }

  /**
   * Queues calls.
   *
   * @param resolve gets the outcomes in the order of the calls, when all of them are settled
   * @returns their jobs
   */
  add(calls: readonly Call[], resolve: (outcomes: Outcome[]) => void): readonly Job[] {
    const { jobs } = new Batch(calls, monotonicNow(), this.#history, resolve);
    for (const job of longestFirst(jobs)) this.#queue.push(job);
    return jobs;
  }

  /** Queues jobs again that were sent and must run elsewhere: they are the next ones. */
  putBack(jobs: readonly Job[]): void {
    for (const job of jobs) job.unpack();
    this.#queue.unshift(jobs);
  }

  /** Takes the jobs of the next message from the queue. Settles those that cannot be sent. */
  next(): Job[] {
    const share = this.#queue.cost / (2 * this.#workers.width);
    const budget = Math.min(MAX_MESSAGE, Math.max(MIN_MESSAGE, share));
    const jobs: Job[] = [];
    let expected = 0;
    for (let job = this.#queue.peek(); job !== undefined; job = this.#queue.peek()) {
      if (jobs.length >= this.#workers.maxCalls) break;
      expected += job.estimate;
      if (jobs.length > 0 && expected > budget) break;
      const refusal = this.#refused(job);
      if (refusal === undefined && jobs.length > 0 && job.isAlone) break;
      this.#queue.shift();
      if (refusal !== undefined) job.settle(refusal);
      else jobs.push(job);
      if (refusal === undefined && job.isAlone) break;
    }
    return jobs;
  }

  /** Settles a job. If it waits, it is never sent. */
  drop(job: Job, outcome: Outcome): void {
    if (job.queued) this.#queue.drop(job);
    job.settle(outcome);
  }

  /** Settles all jobs that wait. */
  dropAll(outcome: Outcome): void {
    for (const job of this.#queue) this.drop(job, outcome);
  }

  /** Fails the jobs that have waited for too long; returns when to look again. */
  dropLate(now: number): number {
    let next = Infinity;
    for (const job of this.#queue) {
      if (job.deadline <= now) this.drop(job, waitedTooLong(job));
      else next = Math.min(next, job.deadline);
    }
    return next;
  }

  /** @param underWay ms that the calls in flight have run so far */
  stats(underWay: number): Omit<ExecutorStats, 'workers' | 'running'> {
    return { queued: this.size, ...this.#history.summary(this.#workers.width, underWay) };
  }

  /** The outcome of a job that cannot be sent; undefined if it can. */
  #refused(job: Job): Outcome | undefined {
    const refusal = this.#history.refusal(job.call);
    if (refusal !== undefined) return notStarted(refusal);
    return packArguments(job, this.#workers.canShare, this.#limits.maxArgumentBytes);
  }
}

/** The outcome of a job that was not started within its `queueTimeout`. @internal */
export function waitedTooLong({ call: { key, task, queueTimeout = 0 } }: Job): Outcome {
  const error = new FutureTimeoutError('queue', queueTimeout, { key, task: task.id });
  return notStarted(error, queueTimeout);
}

/**
 * The order in which a request's calls are sent: if the longest came last, all other workers would
 * wait for it (list scheduling by longest processing time: Graham, 1969).
 */
function longestFirst(jobs: readonly Job[]): readonly Job[] {
  return jobs.length === 1
    ? jobs
    : jobs.toSorted((a, b) => (a.estimate === b.estimate ? 0 : b.estimate - a.estimate));
}
