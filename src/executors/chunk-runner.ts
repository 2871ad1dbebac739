import { FutureTimeoutError } from '../errors/index.js';
import { epochNow, type OutcomeMessage, type WireCall } from '../tasks/worker-protocol.js';
import type { Job } from './call-queue.js';
import { Chunk } from './chunk.js';
import type { Outcome } from './executor.js';
import { failBroken, refuseUncloneable, survivesDeath } from './job-failures.js';
import { toOutcome } from './wire-outcome.js';
import type { Workers } from './workers.js';

export interface ChunkRunnerHooks {
  /** A job ran for so long, in ms. */
  measured(job: Job, run: number): void;
  /** These were sent, but not started: they go back to the front of the queue. */
  takenBack(jobs: readonly Job[]): void;
  /** A worker came free, or jobs were taken back. */
  free(): void;
  hasQueue(): boolean;
}

/** Age in ms from which an idle worker takes over what a busy one has not started. */
const REBALANCE_AFTER = 2;
/** How long, in ms, a task file may take to load; more, if the call itself may take more. */
const MAX_LOAD = 10_000;
/** How long, in ms, a call may go on after it was told to end, before its worker is ended. */
const ABORT_GRACE = 1_000;

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
  readonly #waiting: (() => void)[] = [];
  #nextChunk = 0;
  #rebalanceTimer: NodeJS.Timeout | undefined;

  constructor(
    readonly workers: Workers,
    readonly hooks: ChunkRunnerHooks,
  ) {}

  /** How many more chunks can be sent now. */
  get free(): number {
    return this.workers.width - this.#chunks.size;
  }

  /** Jobs that were sent and are not settled. */
  get running(): number {
    let running = 0;
    for (const { own } of this.#chunks.values()) {
      for (const job of own) if (!job.settled) running++;
    }
    return running;
  }

  send(jobs: readonly Job[]): void {
    const chunk = new Chunk(this.#nextChunk++, jobs);
    this.#chunks.set(chunk.id, chunk);
    const calls = jobs.map(({ call: { task, args } }): WireCall => [
      task.url ?? '',
      task.exportName ?? '',
      args,
    ]);
    const message = { dispatcher: this.#id, chunk: chunk.id, progress: chunk.progress, calls };
    this.workers
      .send(
        message,
        jobs.flatMap(({ call }) => call.transferList ?? []),
      )
      .then(
        () => {
          chunk.acknowledged = true;
          if (chunk.complete) this.#finish(chunk);
        },
        // What the worker had posted before it died is delivered first.
        (error: unknown) => setImmediate(() => this.#broken(chunk, error)),
      );
    this.#watch(chunk);
    if (jobs.length > 1) this.#rebalanceLater();
  }

  /** Takes what a worker posted; messages of others are ignored. */
  onMessage(message: unknown): void {
    if (!Array.isArray(message) || message[0] !== this.#id) return;
    const [, id, index, , , , run] = message as unknown as OutcomeMessage;
    const chunk = this.#chunks.get(id);
    if (chunk === undefined) return;
    const job = chunk.jobs[index] as Job;
    chunk.delivered++;
    this.hooks.measured(job, run);
    job.settle(toOutcome(message as unknown as OutcomeMessage, job, this.#nameOf(chunk)));
    if (chunk.complete) this.#finish(chunk);
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
  async drained(timeout: number, isEmpty: () => boolean): Promise<void> {
    if (this.#chunks.size === 0 && isEmpty()) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeout);
      this.#waiting.push(() => {
        if (this.#chunks.size === 0 && isEmpty()) resolve();
      });
    });
    clearTimeout(timer);
  }

  /** Settles all that is under way with `outcome`. */
  abandon(outcome: Outcome): void {
    for (const chunk of this.#chunks.values()) {
      clearTimeout(chunk.timer);
      chunk.takeBack();
      for (const job of chunk.jobs) job.settle(outcome);
    }
    this.#chunks.clear();
    clearTimeout(this.#rebalanceTimer);
  }

  #finish(chunk: Chunk): void {
    clearTimeout(chunk.timer);
    if (!this.#chunks.delete(chunk.id)) return;
    this.hooks.free();
    for (const check of this.#waiting) check();
  }

  #broken(chunk: Chunk, error: unknown): void {
    if (!this.#chunks.has(chunk.id)) return;
    const unstarted = chunk.takeBack();
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

  /** Looks in on the chunk when its current call may be out of time. */
  #watch(chunk: Chunk): void {
    const shortest = Math.min(...chunk.jobs.map(({ call }) => call.timeout));
    const look = () => {
      const job = chunk.running;
      const timeout = job?.call.timeout ?? shortest;
      const limit = chunk.isLoading ? Math.max(timeout, MAX_LOAD) : timeout;
      const left = job === undefined ? shortest : limit - (epochNow() - chunk.startedAt);
      if (job === undefined || left > 0 || !this.#stop(chunk, job)) {
        chunk.timer = setTimeout(look, Math.max(1, Math.min(left, shortest)));
        return;
      }
      const { key, task } = job.call;
      job.settle({
        status: 'failed',
        value: new FutureTimeoutError('run', limit, { key, task: task.id }),
        worker: this.#nameOf(chunk),
        wait: chunk.startedAt - job.queuedAt,
        run: limit,
      });
    };
    chunk.timer = setTimeout(look, shortest);
  }

  /** Stops a job that is out of time, unless it has just ended; the rest of the message runs elsewhere. */
  #stop(chunk: Chunk, job: Job): boolean {
    this.#reclaim(chunk.takeBack());
    if (chunk.acknowledged || chunk.running !== job) return false;
    if (chunk.isListening) this.#abort(chunk, job);
    else this.workers.kill(chunk.workerId);
    return true;
  }

  /** Tells a job to end, and ends its worker unless it does so soon. */
  #abort(chunk: Chunk, job: Job): void {
    chunk.abort();
    this.workers.abort?.(chunk.workerId);
    setTimeout(() => {
      const isOver = !this.#chunks.has(chunk.id) || chunk.acknowledged || chunk.running !== job;
      if (!isOver) this.workers.kill(chunk.workerId);
    }, ABORT_GRACE).unref();
  }

  /** So that no short call waits behind a long one while a worker has nothing to do. */
  #rebalanceLater(): void {
    this.#rebalanceTimer ??= setTimeout(() => {
      this.#rebalanceTimer = undefined;
      for (const chunk of this.#chunks.values()) {
        if (!chunk.hasUnstarted) continue;
        const isStuck =
          chunk.running !== undefined && performance.now() - chunk.sentAt >= REBALANCE_AFTER;
        if (isStuck && this.free > 0 && !this.hooks.hasQueue()) this.#reclaim(chunk.takeBack());
        else this.#rebalanceLater();
      }
    }, REBALANCE_AFTER);
  }

  #nameOf({ workerId }: Chunk): string {
    return `${this.workers.kind} ${workerId}`;
  }

  #chunkOf(job: Job): Chunk | undefined {
    return [...this.#chunks.values()].find(({ own }) => own.includes(job));
  }

  #reclaim(jobs: readonly Job[]): void {
    if (jobs.length === 0) return;
    this.hooks.takenBack(jobs);
    this.hooks.free();
  }
}
