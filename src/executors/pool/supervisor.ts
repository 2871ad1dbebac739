import { url as debuggerUrl } from 'node:inspector';
import { Logger } from '@nestjs/common';
import { monotonicNow } from '../../wire/clock.js';
import type { InFlight } from './in-flight.js';
import { type Job, outOfTime, waitedTooLong } from './job.js';
import type { Message } from './message.js';
import type { Scheduler } from './scheduler.js';
import type { Workers } from './workers.js';

const logger = new Logger('Futures');

/** How long, in ms, a call may run after it was asked to stop, before its worker is ended. */
const ABORT_GRACE = 1_000;
/** How often, in ms, every message in flight is inspected at least. */
export const PULSE = 1_000;
/** How many seconds a worker may leave its message untouched before it is ended. */
const MAX_IDLE_PULSES = 5;
/** How often, in ms, an idle worker may take over jobs that a busy one has not started. */
export const REBALANCE_EVERY = 2;
/** How long, in ms, a task file or a context may load, if the call's own limit is not longer. */
const MAX_LOAD = 10_000;

/**
 * Enforces the time limits of calls, takes jobs back from messages that are stuck, and ends workers
 * that don't work properly: that run a call for longer than it may run, that break the protocol, or
 * that a task has left unable to go on. Jobs that it takes back are queued again.
 *
 * @internal
 */
export class Supervisor {
  #pulsedAt = -Infinity;

  constructor(
    readonly workers: Workers,
    readonly inFlight: InFlight,
    readonly scheduler: Scheduler,
  ) {}

  /** Inspects all that waits and runs; returns when to inspect it again at the latest. */
  inspect(): number {
    const now = monotonicNow();
    // Time in which this event loop was blocked counts as one pulse.
    const isPulse = now - this.#pulsedAt >= PULSE * 0.9;
    if (isPulse) this.#pulsedAt = now;
    const hasIdle = this.inFlight.size < this.workers.width && this.scheduler.size === 0;
    let next = Math.min(this.scheduler.dropLate(now), now + PULSE);
    for (const message of this.inFlight.values()) {
      message.collect();
      if (isPulse) this.#checkForBlock(message);
      next = Math.min(next, this.#limitRun(message, now), this.#limitWait(message, now));
      if (!message.hasUnstarted) continue;
      if (hasIdle && message.isStuck) this.takeBack(message);
      else next = Math.min(next, now + REBALANCE_EVERY);
    }
    return next;
  }

  /** Queues the jobs of a message again that its worker has not started. */
  takeBack(message: Message): void {
    this.scheduler.putBack(message.takeBack());
  }

  /** A worker broke the protocol, so nothing that it sends can be trusted any more. */
  breach(workerId: number): void {
    if (!this.workers.isOurs) return;
    const name = `${this.workers.kind} ${workerId}`;
    logger.warn(
      `The ${name} sent a message that is not of the protocol, and is replaced. See whether a task changes how its worker sends messages.`,
    );
    this.workers.kill(workerId);
  }

  /** Asks a job to stop, and ends its worker unless it stops soon. */
  abort(message: Message, job: Job): void {
    message.abort();
    this.workers.abort?.(message.wire);
    this.killLater(message, ABORT_GRACE, () => message.acknowledged || message.running !== job);
  }

  /** Ends a worker that doesn't finish by itself within `grace` ms. */
  killLater(message: Message, grace: number, isDone = () => false): void {
    setTimeout(() => {
      if (this.inFlight.has(message.id) && !isDone()) this.kill(message);
    }, grace).unref();
  }

  kill(message: Message): void {
    const workerId = message.workerId || this.workers.holderOf(message.wire);
    if (workerId !== undefined) this.workers.kill(workerId);
  }

  /** Stops the running job if it has timed out; returns when to look again. */
  #limitRun(message: Message, now: number): number {
    const job = message.running;
    if (job === undefined) return message.hasUnstarted ? now + message.shortestTimeout : Infinity;
    // The job was given up before, and asked to stop.
    if (job.settled) return Infinity;
    const { timeout } = job.call;
    const limit = message.isLoading ? Math.max(timeout, MAX_LOAD) : timeout;
    const left = limit - message.elapsed(now);
    if (left > 0) return now + Math.min(left, message.shortestTimeout);
    this.takeBack(message);
    // It has just ended.
    if (message.acknowledged || message.running !== job) return Infinity;
    if (message.isListening) this.abort(message, job);
    else this.kill(message);
    job.settle(outOfTime(job, limit, message.startedAt, message.worker));
    return Infinity;
  }

  /** Fails unstarted jobs that have waited for too long; returns when to look again. */
  #limitWait(message: Message, now: number): number {
    let next = Infinity;
    for (const { startBy } of message.unstarted) next = Math.min(next, startBy);
    if (next > now) return next;
    const jobs = message.takeBack();
    for (const job of jobs) if (job.startBy <= now) job.settle(waitedTooLong(job));
    this.scheduler.putBack(jobs.filter((job) => !job.settled));
    return Infinity;
  }

  /**
   * Ends a worker that is free, but doesn't start its message, or doesn't say that it is done:
   * something that a task left behind blocks its event loop.
   */
  #checkForBlock(message: Message): void {
    const holder = message.workerId || this.workers.holderOf(message.wire);
    // A worker that exits has its own time limit.
    const isEnding = message.isRetiring || message.wire.calls === undefined;
    const isIdle = !message.acknowledged && !isEnding && (message.workerId === 0 || message.isDone);
    const counts = isIdle && holder !== undefined && debuggerUrl() === undefined;
    message.idlePulses = counts ? message.idlePulses + 1 : 0;
    if (!counts || message.idlePulses < MAX_IDLE_PULSES || !this.workers.isOurs) return;
    logger.warn(
      `The ${this.workers.kind} ${holder} has not turned its event loop for ${MAX_IDLE_PULSES} s, though no task runs in it, and is replaced. ` +
        `See which task leaves something behind that never ends: it should await all it starts.`,
    );
    this.workers.kill(holder);
  }
}
