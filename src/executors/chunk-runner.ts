import { WireStatus, epochNow, type OutcomeMessage } from '../worker/worker-protocol.js';
import type { Job } from './job.js';
import { Chunk } from './chunk.js';
import { DrainWaiters } from './drain-waiters.js';
import type { Outcome } from './executor.js';
import { failBroken, outOfTime, refuseUncloneable, survivesDeath } from './job-failures.js';
import { Repetition } from './repetition.js';
import { RunWatch } from './run-watch.js';
import { toOutcome, toWireCalls } from './wire.js';
import type { Workers } from './workers.js';

export interface ChunkRunnerHooks {
  /** A job ran for so long, in ms. */
  measured(job: Job, run: number): void;
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
/** How long, in ms, a call may go on after it was told to end, before its worker is ended. */
const ABORT_GRACE = 1_000;
/** How long, in ms, a worker may take to close what its tasks have opened, before it is ended. */
export const RETIRE_GRACE = 5_000;

/**
 * The messages under way: sends them, takes their results, and sees to it that every job in them is
 * settled once, whatever becomes of the worker.
 *
 * @internal
 */
export class ChunkRunner {
  /** Tells this runner's messages from others' in the same pool. */
  readonly #id = Math.random();
  readonly #chunks = new Map<number, Chunk>();
  readonly #waiters = new DrainWaiters();
  readonly #watch = new RunWatch(this.#chunks, (...expired) => this.#expire(...expired));
  readonly #rebalancing = new Repetition(REBALANCE_EVERY, () => this.#rebalance());
  #nextChunk = 0;

  constructor(
    readonly workers: Workers,
    readonly hooks: ChunkRunnerHooks,
  ) {}

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
    const now = epochNow();
    return this.#sum((chunk) => chunk.runTime(now));
  }

  /** Jobs that were sent and are not settled. */
  get running(): number {
    return this.#sum(({ own }) => own.filter(({ settled }) => !settled).length);
  }

  send(jobs: readonly Job[]): void {
    const chunk = this.#sendChunk(jobs);
    this.#watch.begin(chunk.shortestTimeout);
    if (jobs.length > 1) this.#rebalancing.start();
  }

  /** Has an idle worker close what its tasks have opened, and end. */
  retire(): void {
    this.#killLater(this.#sendChunk([]), RETIRE_GRACE);
  }

  #sendChunk(jobs: readonly Job[]): Chunk {
    const chunk = new Chunk(this.#nextChunk++, jobs, this.workers.kind);
    this.#chunks.set(chunk.id, chunk);
    this.hooks.busy(this.#chunks.size);
    const message = {
      dispatcher: this.#id,
      chunk: chunk.id,
      progress: chunk.progress,
      calls: jobs.length === 0 ? undefined : toWireCalls(jobs),
    };
    const transferList = jobs.flatMap(({ call }) => call.transferList ?? []);
    this.workers.send(message, transferList).then(
      () => {
        chunk.acknowledged = true;
        this.#collect(chunk);
        if (chunk.complete) this.#finish(chunk);
      },
      // What the worker had posted before it died is delivered first.
      (error: unknown) => setImmediate(() => this.#broken(chunk, error)),
    );
    return chunk;
  }

  /** Takes what a worker posted; messages of others are ignored. */
  onMessage(message: unknown): void {
    if (!Array.isArray(message) || message[0] !== this.#id) return;
    const [, id, index, status, payload, startedAt, run] = message as unknown as OutcomeMessage;
    const chunk = this.#chunks.get(id);
    if (chunk === undefined) return;
    this.#collect(chunk);
    const job = chunk.takePosted(index);
    this.#settle(job, toOutcome(job, chunk.worker, status, payload, startedAt, run));
    if (chunk.isRetiring) {
      this.#reclaim(chunk.takeBack());
      this.#killLater(chunk, RETIRE_GRACE);
    }
    if (chunk.complete) this.#finish(chunk);
  }

  /** Takes the results that its worker has left in their shared memory. */
  #collect(chunk: Chunk): void {
    chunk.takeFound((job, value, startedAt, run) => {
      const { worker } = chunk;
      this.#settle(job, toOutcome(job, worker, WireStatus.Resolved, value, startedAt, run));
    });
  }

  #settle(job: Job, outcome: Outcome): void {
    this.hooks.measured(job, outcome.run);
    job.settle(outcome);
  }

  /** Takes back a job that was sent, unless it has been started; returns whether it was taken back. */
  withdraw(job: Job): boolean {
    const taken = this.#chunkOf(job)?.takeBack() ?? [];
    this.#reclaim(taken.filter((each) => each !== job));
    return taken.includes(job);
  }

  /** Gives up a job that was sent and is settled: skipped if not started, else ended unless it ends soon. */
  cancel(job: Job): void {
    const chunk = this.#chunkOf(job);
    if (chunk === undefined) return;
    this.#reclaim(chunk.takeBack());
    if (chunk.running === job) this.#abort(chunk, job);
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
      if (chunk.claimed > 0) this.workers.kill(chunk.workerId);
    }
    this.#chunks.clear();
    this.#rebalancing.stop();
    this.#watch.stop();
  }

  #finish(chunk: Chunk): void {
    if (!this.#chunks.delete(chunk.id)) return;
    if (this.#chunks.size === 0) this.#watch.rest();
    this.hooks.busy(this.#chunks.size);
    this.hooks.free();
    this.#waiters.check();
  }

  #broken(chunk: Chunk, error: unknown): void {
    if (!this.#chunks.has(chunk.id)) return;
    const unstarted = chunk.takeBack();
    this.#collect(chunk);
    const started = chunk.own.filter((job) => !job.settled);
    if (chunk.claimed === 0) {
      const sendable = refuseUncloneable(unstarted, error);
      // What was refused was not the death of a worker.
      const isRefused = sendable.length < unstarted.length;
      this.#retry(sendable, (job) => isRefused || survivesDeath(job, false), error);
    } else {
      this.hooks.takenBack(unstarted);
      this.#retry(started, (job) => survivesDeath(job, true), error);
    }
    this.#finish(chunk);
  }

  #retry(jobs: readonly Job[], mayRunAgain: (job: Job) => boolean, error: unknown): void {
    const again = jobs.filter(mayRunAgain);
    this.hooks.takenBack(again);
    for (const job of jobs) if (!again.includes(job)) failBroken(job, error);
  }

  /** Stops a job that is out of time, unless it has just ended; the rest of the message runs elsewhere. */
  #expire(chunk: Chunk, job: Job, limit: number): void {
    this.#reclaim(chunk.takeBack());
    if (chunk.acknowledged || chunk.running !== job) return;
    if (chunk.isListening) this.#abort(chunk, job);
    else this.workers.kill(chunk.workerId);
    job.settle(outOfTime(job, limit, chunk.startedAt, chunk.worker));
  }

  /** Tells a job to end, and ends its worker unless it does so soon. */
  #abort(chunk: Chunk, job: Job): void {
    chunk.abort();
    this.workers.abort?.(chunk.workerId);
    this.#killLater(chunk, ABORT_GRACE, () => chunk.acknowledged || chunk.running !== job);
  }

  /** Ends a worker that does not end by itself. */
  #killLater(chunk: Chunk, grace: number, isDone = () => false): void {
    setTimeout(() => {
      if (this.#chunks.has(chunk.id) && !isDone()) this.workers.kill(chunk.workerId);
    }, grace).unref();
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

  #sum(of: (chunk: Chunk) => number): number {
    return [...this.#chunks.values()].reduce((sum, chunk) => sum + of(chunk), 0);
  }

  #chunkOf(job: Job): Chunk | undefined {
    return [...this.#chunks.values()].find((chunk) => chunk.owns(job));
  }

  #reclaim(jobs: readonly Job[]): void {
    if (jobs.length === 0) return;
    this.hooks.takenBack(jobs);
    this.hooks.free();
  }
}
