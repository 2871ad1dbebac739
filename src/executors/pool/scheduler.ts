import { ExecutorSaturatedError } from '../../errors/index.js';
import { monotonicNow } from '../../wire/clock.js';
import { type Call, type Outcome, notStarted } from '../executor.js';
import type { ByteLimits } from '../pool-options.js';
import { CallHistory } from './history.js';
import { Batch, type Job, levelOf, waitedTooLong } from './job.js';
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
   * Says why calls are not taken; undefined if they are. To make room for them, calls of lower
   * priorities that wait are refused, the newest first.
   *
   * @param free how many messages could be sent now
   */
  refusal(calls: readonly Call[], free: number): ExecutorSaturatedError | undefined {
    const { size } = this.#queue;
    const excess = size + calls.length - free - this.#maxQueue;
    if (excess <= 0) return undefined;
    const retryAfter = this.#retryAfter(calls.length);
    const lower =
      size < excess ? [] : this.#queue.below(Math.max(...calls.map(levelOf))).slice(0, excess);
    const isFull = lower.length < excess;
    const error = new ExecutorSaturatedError(
      isFull
        ? `The executor's queue is full: ${size} calls wait, ${calls.length} more would exceed "maxQueue" (${this.#maxQueue}), so none of them was taken. ` +
            `Try again in ${retryAfter} s, add workers ("max"), or raise "maxQueue".`
        : `The executor's queue is full ("maxQueue": ${this.#maxQueue}), and calls of a higher priority came, so this one was dropped before it started. ` +
            `Try again in ${retryAfter} s, add workers ("max"), or raise "maxQueue".`,
      retryAfter,
    );
    if (isFull) {
      for (const call of calls) this.#history.recordRefused(call, notStarted(error));
      return error;
    }
    for (const job of lower) this.drop(job, notStarted(error));
    return undefined;
  }

  /**
   * Queues calls, except those that cannot meet their deadline.
   *
   * @param owner whose share the calls belong to that name none; undefined: they are their own
   * @param resolve gets the outcomes in the order of the calls, when all of them are settled
   * @returns their jobs
   */
  add(
    calls: readonly Call[],
    owner: object | undefined,
    free: number,
    resolve: (outcomes: Outcome[]) => void,
  ): readonly Job[] {
    const now = monotonicNow();
    const { jobs } = new Batch(calls, now, owner, this.#history, resolve);
    for (const job of longestFirst(jobs)) {
      const refusal = job.deadline === Infinity ? undefined : this.#tooLate(job, now, free);
      if (refusal === undefined) this.#queue.push(job);
      else job.settle(notStarted(refusal));
    }
    return jobs;
  }

  /** Queues jobs again that were sent and must run elsewhere: they are the next ones. */
  putBack(jobs: readonly Job[]): void {
    for (const job of jobs) job.unpack();
    this.#queue.unshift(jobs);
  }

  /** Takes the jobs of the next message from the queue. Settles those that cannot be sent. */
  next(): Job[] {
    const fraction = this.#queue.cost / (2 * this.#workers.width);
    const budget = Math.min(MAX_MESSAGE, Math.max(MIN_MESSAGE, fraction));
    const jobs: Job[] = [];
    let expected = 0;
    for (let job = this.#queue.peek(); job !== undefined; job = this.#queue.peek()) {
      if (jobs.length >= this.#workers.maxCalls) break;
      expected += job.estimate;
      if (jobs.length > 0 && expected > budget) break;
      const refusal = this.#refused(job);
      if (refusal === undefined && jobs.length > 0 && job.isAlone) break;
      this.#queue.shift(job);
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
      if (job.startBy <= now) this.drop(job, waitedTooLong(job));
      else next = Math.min(next, job.startBy);
    }
    return next;
  }

  /** @param underWay ms that the calls in flight have run so far */
  stats(underWay: number): { queued: number } & ReturnType<CallHistory['summary']> {
    return { queued: this.size, ...this.#history.summary(this.#workers.width, underWay) };
  }

  /**
   * The error of a job that cannot be done before its deadline; undefined if it may. A job that
   * need not wait is tried, even if it may run for too long: that shows how long it takes now.
   */
  #tooLate(job: Job, now: number, free: number): ExecutorSaturatedError | undefined {
    const { call, deadline, estimate } = job;
    const { unknownCost } = this.#history;
    const ahead = this.#queue.ahead(job, unknownCost);
    if (free > 0 && ahead === 0) return undefined;
    const wait = ahead / this.#workers.width;
    const end = now + wait + (estimate === Infinity ? unknownCost : estimate);
    if (end <= deadline) return undefined;
    const retryAfter = this.#retryAfter(1);
    const [left, needed] = [deadline - now, end - now].map((ms) => Math.max(0, Math.round(ms)));
    return new ExecutorSaturatedError(
      `The task ${call.task.id} was not taken: its deadline is in ${left} ms, but with the calls that wait it would end in about ${needed} ms. ` +
        `Try again in ${retryAfter} s, add workers ("max"), or give it a later "deadline".`,
      retryAfter,
      { key: call.key, task: call.task.id },
    );
  }

  /** Whole seconds until there is room for more calls. */
  #retryAfter(calls: number): number {
    const work = this.#queue.work(this.#history.unknownCost) / this.#workers.width;
    return this.#history.retryAfter(this.#queue.size + calls, work);
  }

  /** The outcome of a job that cannot be sent; undefined if it can. */
  #refused(job: Job): Outcome | undefined {
    if (job.startBy < Infinity && job.startBy <= monotonicNow()) return waitedTooLong(job);
    const refusal = this.#history.refusal(job.call);
    if (refusal !== undefined) return notStarted(refusal);
    return packArguments(job, this.#workers.canShare, this.#limits.maxArgumentBytes);
  }
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
