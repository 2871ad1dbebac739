import { ExecutorSaturatedError } from '../../errors/index.js';
import { monotonicNow } from '../../wire/clock.js';
import { CallQueue } from './call-queue.js';
import { CallStats, DrainRate } from '../stats.js';
import {
  type Call,
  type Cancellation,
  type ExecutorStats,
  type Outcome,
  SHUTTING_DOWN,
  cancelled,
  notStarted,
} from '../executor.js';
import { MessageRunner, RETIRE_GRACE } from './message-runner.js';
import { DurationEstimates } from './duration-estimates.js';
import { IdleWorkers } from './supervisor.js';
import { LoadBreaker } from './load-breaker.js';
import { packArguments } from './wire.js';
import type { ByteLimits } from '../pool-options.js';
import { Batch, type Job, type JobKeeper } from './job.js';
import { WaitWatch } from './watches.js';
import type { Workers } from './workers.js';

/** Bounds of a message's expected run, in ms: short enough to spread work, long enough to pay. */
const MIN_MESSAGE = 0.25;
const MAX_MESSAGE = 1;
/**
 * For this long after a message was sent, in ms, calls wait for the end of the event loop's turn. A
 * message costs about 0.02 ms of the event loop: little, beside the requests that share it.
 */
const GATHER_TIME = 4;

/**
 * Sends calls to workers: one queue for all requests, and as many messages in flight as there are
 * workers. A free worker gets its next calls in one message: many short ones, or one long one.
 * Under load, a message carries calls of several requests, which share its cost.
 *
 * @internal
 */
export class Scheduler {
  readonly #queue = new CallQueue();
  readonly #estimates = new DurationEstimates();
  readonly #drain = new DrainRate();
  readonly #stats = new CallStats();
  readonly #runner: MessageRunner;
  readonly #idle: IdleWorkers;
  readonly #workers: Workers;
  readonly #maxQueue: number;
  readonly #limits: ByteLimits;
  readonly #breaker = new LoadBreaker();
  readonly #waits = new WaitWatch({
    waiting: () => [...this.#queue, ...this.#runner.inFlight.unstarted],
    withdraw: (job) => this.#withdraw(job),
  });
  readonly #keeper: JobKeeper = {
    // A call that moves its arguments counts as long: it goes alone, since it cannot be sent again.
    estimate: (call) =>
      (call.transferList?.length ?? 0) > 0 ? Infinity : this.#estimates.of(call),
    settled: (outcome) => {
      const now = performance.now();
      this.#stats.record(outcome, now);
      this.#drain.record(1, now);
    },
  };
  #isPumpDue = false;
  #sentAt = -Infinity;
  #closing = false;

  constructor(workers: Workers, maxQueue: number, limits: ByteLimits) {
    this.#workers = workers;
    this.#maxQueue = maxQueue;
    this.#limits = limits;
    this.#runner = new MessageRunner(workers, limits, {
      ended: (job, outcome) => {
        this.#estimates.record(job.call, outcome.run);
        this.#breaker.record(job.call, outcome.value);
      },
      takenBack: (jobs) => {
        for (const job of jobs) job.unpack();
        this.#queue.unshift(jobs);
      },
      free: () => this.#pump(),
      hasQueue: () => this.#queue.size > 0,
      busy: (count) => this.#idle.update(count),
    });
    this.#idle = new IdleWorkers(workers, () => this.#runner.retire());
  }

  run(calls: readonly Call[], cancellation?: Cancellation): Promise<Outcome[]> {
    if (calls.length === 0) return Promise.resolve([]);
    const refusal = this.#refusal(calls.length);
    if (refusal !== undefined) return Promise.resolve(calls.map(() => notStarted(refusal)));
    if (cancellation?.isCancelled === true) return Promise.resolve(calls.map(cancelled));
    return new Promise((resolve) => {
      const batch = new Batch(calls, monotonicNow(), this.#keeper, (outcomes) => {
        cancellation?.removeListener(cancel);
        resolve(outcomes);
      });
      const cancel = () => this.#cancel(batch.jobs);
      cancellation?.addListener(cancel);
      for (const job of longestFirst(batch.jobs)) this.#enqueue(job);
      this.#pumpSoon();
    });
  }

  stats(): ExecutorStats {
    return {
      workers: this.#workers.alive,
      queued: this.#queue.size,
      running: this.#runner.inFlight.running,
      ...this.#stats.summary(this.#workers.width, this.#runner.inFlight.runTime),
    };
  }

  async close(timeout: number): Promise<void> {
    this.#closing = true;
    await this.#runner.drained(timeout, () => this.#queue.size === 0);
    const error = new ExecutorSaturatedError(SHUTTING_DOWN, 1);
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      job.settle(notStarted(error));
    }
    this.#idle.stop();
    this.#waits.stop();
    const idle = this.#workers.alive - this.#runner.inFlight.size;
    this.#runner.abandon(notStarted(error));
    await this.#retire(idle);
    await this.#workers.close();
  }

  /** Makes `count` idle workers close what their tasks opened, and exit. */
  async #retire(count: number): Promise<void> {
    if (this.#workers.idleTimeout === Infinity) return;
    for (let i = 0; i < count; i++) this.#runner.retire();
    await this.#runner.drained(RETIRE_GRACE + 1_000, () => true);
  }

  #refusal(calls: number): ExecutorSaturatedError | undefined {
    if (this.#closing) return new ExecutorSaturatedError(SHUTTING_DOWN, 1);
    if (this.#queue.size + calls - this.#runner.free <= this.#maxQueue) return undefined;
    const retryAfter = this.#drain.retryAfter(this.#queue.size + calls);
    return new ExecutorSaturatedError(
      `The executor's queue is full: ${this.#queue.size} calls wait, ${calls} more would exceed "maxQueue" (${this.#maxQueue}), so none of them was taken. ` +
        `Try again in ${retryAfter} s, add workers ("max"), or raise "maxQueue".`,
      retryAfter,
    );
  }

  #enqueue(job: Job): void {
    this.#queue.push(job);
    this.#waits.begin(job);
  }

  /**
   * Sends at once. Shortly after a message, it waits until the requests that have arrived by now
   * are handled, so that their calls share messages. The first calls don't wait for all handlers.
   */
  #pumpSoon(): void {
    if (performance.now() - this.#sentAt >= GATHER_TIME) {
      this.#pump();
      return;
    }
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    setImmediate(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#queue.size > 0 && this.#runner.free > 0) {
      this.#sentAt = performance.now();
      const jobs = this.#take();
      if (jobs.length > 0) this.#runner.send(jobs);
    }
  }

  /** Takes the jobs of the next message from the queue. */
  #take(): Job[] {
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

  /** Takes a job back, unless it has started. */
  #withdraw(job: Job): boolean {
    if (!job.queued) return this.#runner.withdraw(job);
    this.#queue.drop(job);
    return true;
  }

  /** The outcome of a job that cannot be sent; undefined if it can. */
  #refused(job: Job): Outcome | undefined {
    const refusal = this.#breaker.refusal(job.call);
    if (refusal !== undefined) return notStarted(refusal);
    return packArguments(job, this.#workers.canShare, this.#limits.maxArgumentBytes);
  }

  #cancel(jobs: readonly Job[]): void {
    const open = jobs.filter((job) => !job.settled);
    // All jobs are settled before the first is taken back: otherwise the next would be sent again.
    for (const job of open) {
      if (job.queued) this.#queue.drop(job);
      job.settle(cancelled(job.call));
    }
    for (const job of open) this.#runner.cancel(job);
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
