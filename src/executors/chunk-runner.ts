import { BrokenExecutorError, FutureTimeoutError, TaskArgumentError } from '../errors/index.js';
import { findUncloneable } from '../tasks/uncloneable.js';
import type { ChunkMessage, OutcomeMessage, WireCall } from '../tasks/worker-protocol.js';
import type { Job } from './call-queue.js';
import { Chunk } from './chunk.js';
import { notStarted, type Outcome, type Transferable } from './executor.js';
import { toOutcome } from './wire-outcome.js';

/** The workers, as the runner sees them. */
export interface Workers {
  /** How many chunks can run at once. */
  readonly width: number;
  /** Workers alive. */
  readonly alive: number;
  /** Resolves when the worker is done with the chunk; rejects if it was not sent, or the worker died. */
  send(message: ChunkMessage, transferList: readonly Transferable[]): Promise<void>;
  /** Ends a worker at once, whatever it runs. */
  kill(workerId: number): void;
  close(): Promise<void>;
}

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
/** How often a call is sent before the death of its workers is held against it. */
const MAX_SENDS = 3;
/** How long, in ms, a call may go on after its client has gone, before its worker is ended. */
const CANCEL_GRACE = 1_000;

/**
 * The messages under way: sends them, takes their results, and sees to it that every job in them is
 * settled once, whatever becomes of the worker.
 *
 * @internal
 */
export class ChunkRunner {
  readonly #id = crypto.randomUUID();
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
    for (const { jobs } of this.#chunks.values()) {
      for (const job of jobs) if (!job.settled) running++;
    }
    return running;
  }

  send(jobs: readonly Job[]): void {
    const chunk = new Chunk(this.#nextChunk++, jobs);
    this.#chunks.set(chunk.id, chunk);
    for (const job of jobs) job.sends++;
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
    if ((message as Partial<OutcomeMessage> | null)?.nestjsFutures !== this.#id) return;
    const { chunk: id, worker, outcomes } = message as OutcomeMessage;
    const chunk = this.#chunks.get(id);
    if (chunk === undefined) return;
    for (const wire of outcomes) {
      const job = chunk.jobs[wire[0]] as Job;
      chunk.delivered++;
      this.hooks.measured(job, wire[4]);
      job.settle(toOutcome(wire, job, `thread ${worker}`));
    }
    if (chunk.complete) this.#finish(chunk);
  }

  /** Gives up a job that was sent: skipped if not started, else ended unless it ends soon. */
  cancel(job: Job): void {
    const chunk = [...this.#chunks.values()].find(({ jobs }) => jobs.includes(job));
    if (chunk === undefined) return;
    if (chunk.jobs.indexOf(job) >= chunk.claimed) {
      this.#reclaim(chunk.takeBack().filter((taken) => taken !== job));
      return;
    }
    const index = chunk.jobs.indexOf(job);
    const timer = setTimeout(() => {
      const stillRuns = this.#chunks.get(chunk.id) === chunk && chunk.delivered <= index;
      if (stillRuns && chunk.claimed === index + 1) this.workers.kill(chunk.workerId);
    }, CANCEL_GRACE);
    timer.unref();
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
    const { claimed } = chunk;
    const notStartedYet = chunk.takeBack();
    if (claimed === 0 && (error as Error).name === 'DataCloneError') {
      this.hooks.takenBack(refuseUncloneable(notStartedYet));
    } else {
      const again = chunk.jobs.slice(0, claimed).filter(mayRunAgain);
      const lost = [...chunk.jobs.slice(0, claimed), ...notStartedYet.filter(sentTooOften)];
      this.hooks.takenBack([...again, ...notStartedYet.filter((job) => !sentTooOften(job))]);
      for (const job of lost) if (!again.includes(job)) job.settle(notStarted(broken(job, error)));
    }
    this.#finish(chunk);
  }

  /** Looks in on the chunk when its current call may be out of time. */
  #watch(chunk: Chunk): void {
    const shortest = Math.min(...chunk.jobs.map(({ call }) => call.timeout));
    const look = () => {
      const job = chunk.running;
      const left = job === undefined ? shortest : job.call.timeout - (now() - chunk.startedAt);
      if (job === undefined || left > 0) {
        chunk.timer = setTimeout(look, Math.max(1, Math.min(left, shortest)));
        return;
      }
      const { key, task, timeout } = job.call;
      job.settle({
        status: 'failed',
        value: new FutureTimeoutError('run', timeout, { key, task: task.id }),
        worker: `thread ${chunk.workerId}`,
        wait: chunk.startedAt - job.queuedAt,
        run: timeout,
      });
      this.workers.kill(chunk.workerId);
    };
    chunk.timer = setTimeout(look, shortest);
  }

  /** So that no short call waits behind a long one while a worker has nothing to do. */
  #rebalanceLater(): void {
    this.#rebalanceTimer ??= setTimeout(() => {
      this.#rebalanceTimer = undefined;
      for (const chunk of this.#chunks.values()) {
        if (chunk.claimed >= chunk.jobs.length) continue;
        const isStuck =
          chunk.running !== undefined && performance.now() - chunk.sentAt >= REBALANCE_AFTER;
        if (isStuck && this.free > 0 && !this.hooks.hasQueue()) this.#reclaim(chunk.takeBack());
        else this.#rebalanceLater();
      }
    }, REBALANCE_AFTER);
  }

  #reclaim(jobs: readonly Job[]): void {
    this.hooks.takenBack(jobs);
    this.hooks.free();
  }
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function mayRunAgain(job: Job): boolean {
  return !job.settled && job.call.task.idempotent && !sentTooOften(job);
}

function sentTooOften(job: Job): boolean {
  return job.sends >= MAX_SENDS;
}

/** Settles the jobs whose arguments cannot be cloned, and returns the others. */
function refuseUncloneable(jobs: readonly Job[]): Job[] {
  return jobs.filter((job) => {
    const { args, key, task } = job.call;
    const culprit =
      findUncloneable(args, 'args') ??
      (job.sends >= MAX_SENDS ? { path: 'args', description: 'a value' } : undefined);
    if (culprit === undefined) return true;
    const options = { key, task: task.id };
    job.settle(notStarted(new TaskArgumentError(culprit.path, culprit.description, options)));
    return false;
  });
}

function broken({ call: { key, task } }: Job, cause: unknown): BrokenExecutorError {
  return new BrokenExecutorError(
    `The worker died under the task ${task.id}: ${cause instanceof Error ? cause.message : String(cause)}. ` +
      `See what in the task ends its worker; if it may be run twice, say so with taskFile(url, { idempotent: true }).`,
    { key, task: task.id, cause },
  );
}
