import { monotonicNow } from '../../wire/clock.js';
import { WireStatus, type PostedOutcome } from '../../wire/protocol.js';
import { type Job, rerunnable } from './job.js';
import { Message } from './message.js';
import { InFlight } from './in-flight.js';
import { DrainWaiters, Repetition } from './watches.js';
import { notStarted, type Outcome } from '../executor.js';
import { Supervisor } from './supervisor.js';
import {
  isSentAgain,
  lost,
  outcomeOf,
  readPosted,
  refusedArguments,
  toOutcome,
  toWireCalls,
  unreadable,
} from './wire.js';
import type { ByteLimits } from '../pool-options.js';
import { RefusedMessage, type Workers, type WorkersListener } from './workers.js';

export interface MessageRunnerHooks {
  /** A worker has returned the result of a job. */
  ended(job: Job, outcome: Outcome): void;
  /** These jobs were sent and must run elsewhere: they go back to the front of the queue. */
  takenBack(jobs: readonly Job[]): void;
  /** A worker is free, or jobs were taken back. */
  free(): void;
  hasQueue(): boolean;
  /** How many workers have something to do now. */
  busy(workers: number): void;
}

/** How often, in ms, an idle worker may take over jobs that a busy one has not started. */
const REBALANCE_EVERY = 2;
/** How long, in ms, a worker may take to close what its tasks opened, before it is ended. */
export const RETIRE_GRACE = 5_000;

/**
 * The messages in flight. It sends them, takes their results, and makes sure that every job in them
 * is settled once, whatever happens to the worker.
 *
 * @internal
 */
export class MessageRunner implements WorkersListener {
  readonly inFlight = new InFlight();
  readonly #waiters = new DrainWaiters();
  readonly #supervisor: Supervisor;
  readonly #rebalancing = new Repetition(REBALANCE_EVERY, () => this.#rebalance());
  #nextMessage = 0;

  constructor(
    readonly workers: Workers,
    readonly limits: ByteLimits,
    readonly hooks: MessageRunnerHooks,
  ) {
    this.#supervisor = new Supervisor(workers, this.inFlight, {
      collect: (message) => this.#collect(message),
      reclaim: (jobs) => this.#reclaim(jobs),
    });
    workers.listen(this);
  }

  /** How many more messages can be sent now. */
  get free(): number {
    return this.workers.width - this.inFlight.size;
  }

  send(jobs: readonly Job[]): void {
    const message = this.#sendMessage(jobs);
    this.#supervisor.begin(message);
    if (jobs.length > 1) this.#rebalancing.start();
  }

  /** Makes an idle worker close what its tasks opened, and exit. */
  retire(): void {
    this.#supervisor.killLater(this.#sendMessage([]), RETIRE_GRACE);
  }

  #sendMessage(jobs: readonly Job[]): Message {
    const { workers } = this;
    const wire = {
      scheduler: workers.scheduler,
      message: this.#nextMessage++,
      progress: Message.memoryFor(jobs.length),
      calls: jobs.length === 0 ? undefined : toWireCalls(jobs),
      maxResultBytes: this.limits.maxResultBytes,
    };
    const message = new Message(wire, jobs, workers.kind);
    this.inFlight.set(message.id, message);
    this.hooks.busy(this.inFlight.size);
    workers.send(wire, message.transferList(workers.canShare)).then(
      () => this.#acknowledge(message),
      // What the worker posted before it died is delivered first.
      (error: unknown) => setImmediate(() => this.#broken(message, error)),
    );
    return message;
  }

  #acknowledge(message: Message): void {
    message.acknowledged = true;
    if (!this.inFlight.has(message.id)) return;
    this.#collect(message);
    // A worker posts its results before it says that it is done.
    if (!message.complete) this.workers.drain(message.workerId);
    if (!this.inFlight.has(message.id)) return;
    for (const job of message.complete ? [] : message.own) job.settle(notStarted(lost(job.call)));
    this.#finish(message);
  }

  /** Takes what a worker has posted. */
  posted(workerId: number, content: unknown): void {
    const posted = readPosted(content);
    const message = posted && this.inFlight.get(posted[0]);
    // A message that was given up may still be answered.
    if (posted !== undefined && message === undefined) return;
    if (posted === undefined || message?.workerId !== workerId || !message.isDue(posted[1])) {
      this.#supervisor.breach(workerId);
      return;
    }
    this.#collect(message);
    this.#take(message, posted);
    if (message.isRetiring) {
      this.#reclaim(message.takeBack());
      this.#supervisor.killLater(message, RETIRE_GRACE);
    }
    if (message.complete) this.#finish(message);
  }

  #take(message: Message, [, index, status, payload, startedAt, run]: PostedOutcome): void {
    const job = message.takePosted(index);
    const isUnread = status === WireStatus.UnreadableArguments;
    if (isUnread && this.workers.canShare && !job.settled && isSentAgain(job)) {
      this.#reclaim([job]);
      return;
    }
    const ran = { worker: message.worker, startedAt, run, now: monotonicNow() };
    this.#settle(job, toOutcome(job, status, payload, ran, this.limits));
  }

  /** A worker has posted a result that cannot be deserialized. */
  unreadable(workerId: number): void {
    const message = this.inFlight.ofWorker(workerId);
    const index = message?.firstUnread;
    if (message === undefined || index === undefined) return;
    const job = message.takePosted(index);
    job.settle(notStarted(unreadable(job.call)));
    if (message.complete) this.#finish(message);
  }

  /** Takes the results that the worker has left in the message's memory. */
  #collect(message: Message): void {
    message.takeFound(
      (job, value, ran) => this.#settle(job, outcomeOf(job, 'resolved', value, ran)),
      (job, packed, ran) =>
        this.#settle(job, toOutcome(job, WireStatus.Resolved, packed, ran, this.limits)),
    );
  }

  #settle(job: Job, outcome: Outcome): void {
    this.hooks.ended(job, outcome);
    job.settle(outcome);
  }

  /** Takes a sent job back, unless it has started; returns whether it was taken back. */
  withdraw(job: Job): boolean {
    const taken = this.inFlight.of(job)?.takeBack() ?? [];
    this.#reclaim(taken.filter((each) => each !== job));
    return taken.includes(job);
  }

  /** Gives up a sent job that is settled: it is taken back, or, if it runs, asked to stop. */
  cancel(job: Job): void {
    const message = this.inFlight.of(job);
    if (message === undefined) return;
    this.#reclaim(message.takeBack());
    if (message.running === job) this.#supervisor.abort(message, job);
  }

  /** Resolves when nothing is in flight and `isEmpty()`, or after `timeout` ms. */
  drained(timeout: number, isEmpty: () => boolean): Promise<void> {
    return this.#waiters.wait(timeout, () => this.inFlight.size === 0 && isEmpty());
  }

  /** Settles all jobs in flight with `outcome`. */
  abandon(outcome: Outcome): void {
    for (const message of this.inFlight.values()) {
      message.takeBack();
      this.#collect(message);
      for (const job of message.jobs) job.settle(outcome);
      if (message.claimed > 0) this.#supervisor.kill(message);
    }
    this.inFlight.clear();
    this.#rebalancing.stop();
    this.#supervisor.stop();
  }

  #finish(message: Message): void {
    if (!this.inFlight.delete(message.id)) return;
    if (this.inFlight.size === 0) this.#supervisor.rest();
    this.hooks.busy(this.inFlight.size);
    this.hooks.free();
    this.#waiters.check();
  }

  #broken(message: Message, error: unknown): void {
    if (!this.inFlight.has(message.id)) return;
    this.workers.drain(message.workerId);
    if (!this.inFlight.has(message.id)) return;
    const unstarted = message.takeBack();
    this.#collect(message);
    const started = message.own.filter((job) => !job.settled);
    if (message.claimed > 0) {
      this.hooks.takenBack(unstarted);
      this.hooks.takenBack(rerunnable(started, true, error));
    } else if (error instanceof RefusedMessage) this.#refused(unstarted, error.cause);
    else this.hooks.takenBack(rerunnable(unstarted, false, error));
    this.#finish(message);
  }

  /** The message was not sent. A single job is at fault; several are tried again, one by one. */
  #refused(jobs: readonly Job[], error: unknown): void {
    const [first] = jobs;
    if (jobs.length === 1 && first !== undefined) {
      first.settle(refusedArguments(first, error, this.workers.canShare));
      return;
    }
    for (const job of jobs) job.isSuspect = true;
    this.hooks.takenBack(jobs);
  }

  /** Keeps short calls and results from waiting behind a long call while a worker is idle. */
  #rebalance(): boolean {
    let isNeeded = false;
    for (const message of this.inFlight.values()) {
      this.#collect(message);
      if (!message.hasUnstarted) continue;
      if (message.isStuck && this.free > 0 && !this.hooks.hasQueue())
        this.#reclaim(message.takeBack());
      else isNeeded = true;
    }
    return isNeeded;
  }

  #reclaim(jobs: readonly Job[]): void {
    if (jobs.length === 0) return;
    this.hooks.takenBack(jobs);
    this.hooks.free();
  }
}
