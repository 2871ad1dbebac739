import { monotonicNow } from '../../wire/clock.js';
import { addMovable } from '../../wire/codec.js';
import { WireStatus, type OutcomeMessage } from '../../wire/protocol.js';
import { type Job, rerunnable } from './job.js';
import { Chunk } from './chunk.js';
import { InFlight } from './in-flight.js';
import { DrainWaiters, Repetition } from './watches.js';
import { notStarted, type Outcome, type Transferable } from '../executor.js';
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

export interface ChunkRunnerHooks {
  /** A worker has run a job to its end. */
  ended(job: Job, outcome: Outcome): void;
  /** These were sent, but not started: they go back to the front of the queue. */
  takenBack(jobs: readonly Job[]): void;
  /** A worker came free, or jobs were taken back. */
  free(): void;
  hasQueue(): boolean;
  /** So many workers have something to do now. */
  busy(workers: number): void;
}

/** How often, in ms, an idle worker may take over what a busy one has not started. */
const REBALANCE_EVERY = 2;
/** How long, in ms, a worker may take to close what its tasks have opened, before it is ended. */
export const RETIRE_GRACE = 5_000;

/**
 * The messages under way: sends them, takes their results, and sees to it that every job in them is
 * settled once, whatever becomes of the worker.
 *
 * @internal
 */
export class ChunkRunner implements WorkersListener {
  readonly #chunks = new InFlight();
  readonly #waiters = new DrainWaiters();
  readonly #supervisor: Supervisor;
  readonly #rebalancing = new Repetition(REBALANCE_EVERY, () => this.#rebalance());
  #nextChunk = 0;

  constructor(
    readonly workers: Workers,
    readonly limits: ByteLimits,
    readonly hooks: ChunkRunnerHooks,
  ) {
    this.#supervisor = new Supervisor(workers, this.#chunks, {
      collect: (chunk) => this.#collect(chunk),
      reclaim: (jobs) => this.#reclaim(jobs),
    });
    workers.listen(this);
  }

  /** How many more chunks can be sent now. */
  get free(): number {
    return this.workers.width - this.#chunks.size;
  }

  /** Messages under way. */
  get busy(): number {
    return this.#chunks.size;
  }

  /** ms that the calls under way have run so far. */
  get runTime(): number {
    return this.#chunks.runTime;
  }

  /** Jobs that were sent and are not settled. */
  get running(): number {
    return this.#chunks.running;
  }

  /** Jobs that were sent, and wait behind others in their message. */
  get unstarted(): Job[] {
    return Array.from(this.#chunks.values(), (chunk) => chunk.unstarted).flat();
  }

  send(jobs: readonly Job[]): void {
    const chunk = this.#sendChunk(jobs);
    this.#supervisor.begin(chunk);
    if (jobs.length > 1) this.#rebalancing.start();
  }

  /** Has an idle worker close what its tasks have opened, and end. */
  retire(): void {
    this.#supervisor.killLater(this.#sendChunk([]), RETIRE_GRACE);
  }

  #sendChunk(jobs: readonly Job[]): Chunk {
    const { workers } = this;
    const message = {
      dispatcher: workers.dispatcher,
      chunk: this.#nextChunk++,
      progress: Chunk.memoryFor(jobs.length),
      calls: jobs.length === 0 ? undefined : toWireCalls(jobs),
      maxResultBytes: this.limits.maxResultBytes,
    };
    const chunk = new Chunk(message, jobs, workers.kind);
    this.#chunks.set(chunk.id, chunk);
    this.hooks.busy(this.#chunks.size);
    const transferList: Transferable[] = [];
    for (const { call, packed } of jobs) {
      if (call.transferList !== undefined) transferList.push(...call.transferList);
      if (workers.canShare && packed !== undefined) addMovable(packed, transferList);
    }
    workers.send(message, transferList).then(
      () => this.#acknowledge(chunk),
      // What the worker had posted before it died is delivered first.
      (error: unknown) => setImmediate(() => this.#broken(chunk, error)),
    );
    return chunk;
  }

  #acknowledge(chunk: Chunk): void {
    chunk.acknowledged = true;
    if (!this.#chunks.has(chunk.id)) return;
    this.#collect(chunk);
    // Results that are posted are out before the worker says that it is done.
    if (!chunk.complete) this.workers.drain(chunk.workerId);
    if (!this.#chunks.has(chunk.id)) return;
    for (const job of chunk.complete ? [] : chunk.own) job.settle(notStarted(lost(job.call)));
    this.#finish(chunk);
  }

  /** Takes what a worker has posted. */
  message(workerId: number, message: unknown): void {
    const posted = readPosted(message);
    const chunk = posted && this.#chunks.get(posted[0]);
    // A message that was given up may be answered all the same.
    if (posted !== undefined && chunk === undefined) return;
    if (posted === undefined || chunk?.workerId !== workerId || !chunk.isDue(posted[1])) {
      this.#supervisor.breach(workerId);
      return;
    }
    this.#collect(chunk);
    this.#take(chunk, posted);
    if (chunk.isRetiring) {
      this.#reclaim(chunk.takeBack());
      this.#supervisor.killLater(chunk, RETIRE_GRACE);
    }
    if (chunk.complete) this.#finish(chunk);
  }

  #take(chunk: Chunk, [, index, status, payload, startedAt, run]: OutcomeMessage): void {
    const job = chunk.takePosted(index);
    const isUnread = status === WireStatus.UnreadableArguments;
    if (isUnread && this.workers.canShare && !job.settled && isSentAgain(job)) {
      this.#reclaim([job]);
      return;
    }
    const ran = { worker: chunk.worker, startedAt, run, now: monotonicNow() };
    this.#settle(job, toOutcome(job, status, payload, ran, this.limits));
  }

  /** The message of a result has come that cannot be read as a whole. */
  unreadable(workerId: number): void {
    const chunk = this.#chunks.ofWorker(workerId);
    const index = chunk?.firstUnread;
    if (chunk === undefined || index === undefined) return;
    const job = chunk.takePosted(index);
    job.settle(notStarted(unreadable(job.call)));
    if (chunk.complete) this.#finish(chunk);
  }

  /** Takes the results that its worker has left in their shared memory. */
  #collect(chunk: Chunk): void {
    chunk.takeFound(
      (job, value, ran) => this.#settle(job, outcomeOf(job, 'resolved', value, ran)),
      (job, packed, ran) =>
        this.#settle(job, toOutcome(job, WireStatus.Resolved, packed, ran, this.limits)),
    );
  }

  #settle(job: Job, outcome: Outcome): void {
    this.hooks.ended(job, outcome);
    job.settle(outcome);
  }

  /** Takes back a job that was sent, unless it has been started; returns whether it was taken back. */
  withdraw(job: Job): boolean {
    const taken = this.#chunks.of(job)?.takeBack() ?? [];
    this.#reclaim(taken.filter((each) => each !== job));
    return taken.includes(job);
  }

  /** Gives up a job that was sent and is settled: skipped if not started, else ended unless it ends soon. */
  cancel(job: Job): void {
    const chunk = this.#chunks.of(job);
    if (chunk === undefined) return;
    this.#reclaim(chunk.takeBack());
    if (chunk.running === job) this.#supervisor.abort(chunk, job);
  }

  /** Resolves when nothing is under way and `isEmpty()`, or after `timeout` ms. */
  drained(timeout: number, isEmpty: () => boolean): Promise<void> {
    return this.#waiters.wait(timeout, () => this.#chunks.size === 0 && isEmpty());
  }

  /** Settles all that is under way with `outcome`. */
  abandon(outcome: Outcome): void {
    for (const chunk of this.#chunks.values()) {
      chunk.takeBack();
      this.#collect(chunk);
      for (const job of chunk.jobs) job.settle(outcome);
      if (chunk.claimed > 0) this.#supervisor.kill(chunk);
    }
    this.#chunks.clear();
    this.#rebalancing.stop();
    this.#supervisor.stop();
  }

  #finish(chunk: Chunk): void {
    if (!this.#chunks.delete(chunk.id)) return;
    if (this.#chunks.size === 0) this.#supervisor.rest();
    this.hooks.busy(this.#chunks.size);
    this.hooks.free();
    this.#waiters.check();
  }

  #broken(chunk: Chunk, error: unknown): void {
    if (!this.#chunks.has(chunk.id)) return;
    this.workers.drain(chunk.workerId);
    if (!this.#chunks.has(chunk.id)) return;
    const unstarted = chunk.takeBack();
    this.#collect(chunk);
    const started = chunk.own.filter((job) => !job.settled);
    if (chunk.claimed > 0) {
      this.hooks.takenBack(unstarted);
      this.hooks.takenBack(rerunnable(started, true, error));
    } else if (error instanceof RefusedMessage) this.#refused(unstarted, error.cause);
    else this.hooks.takenBack(rerunnable(unstarted, false, error));
    this.#finish(chunk);
  }

  /** The message was not sent: one job alone is at fault, of several each is tried alone. */
  #refused(jobs: readonly Job[], error: unknown): void {
    const [first] = jobs;
    if (jobs.length === 1 && first !== undefined) {
      first.settle(refusedArguments(first, error, this.workers.canShare));
      return;
    }
    for (const job of jobs) job.isSuspect = true;
    this.hooks.takenBack(jobs);
  }

  /** So that no short call, and no result, waits for a long one while a worker has nothing to do. */
  #rebalance(): boolean {
    let isNeeded = false;
    for (const chunk of this.#chunks.values()) {
      this.#collect(chunk);
      if (!chunk.hasUnstarted) continue;
      if (chunk.isStuck && this.free > 0 && !this.hooks.hasQueue()) this.#reclaim(chunk.takeBack());
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
