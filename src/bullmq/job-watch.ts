import { BrokenExecutorError } from '../errors/index.js';
import { notStarted, type Call } from '../executors/executor.js';
import type { OpenJob, OpenJobs } from './open-jobs.js';
import type { QueueLink } from './queue-link.js';
import { JobState } from './redis-commands.js';
import { NoAnswer, within } from './within.js';

/** How often, in ms, the open jobs are gone through. */
const INTERVAL = 500;
/** How long, in ms, after it was sent Redis is asked about a job. */
const MIN_AGE = 2_000;
/** How often, in ms, it is asked, and how long it may take to answer. */
const LOOK_EVERY = 1_000;
const LOOK_TIMEOUT = 2_000;
/** Jobs it is asked about at once. */
const MAX_LOOKS = 1_000;
/** How long, in ms, nothing is heard of a job's worker until it is taken to be dead. */
const STALLED_AFTER = 1_000;
/** How long, in ms, a job whose worker has died waits for another one to run it again. */
const ABANDONED_AFTER = 30_000;

/**
 * Looks after jobs that no outcome comes in for, so that no call waits for ever: those that were
 * removed from the queue, those whose worker has died, and all of them while Redis is away.
 *
 * @internal
 */
export class JobWatch {
  readonly #jobs: OpenJobs;
  readonly #link: QueueLink;
  readonly #timer: NodeJS.Timeout;
  #lookedAt = -Infinity;
  #isLooking = false;

  constructor(jobs: OpenJobs, link: QueueLink) {
    this.#jobs = jobs;
    this.#link = link;
    this.#timer = setInterval(() => this.#tick(), INTERVAL).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    if (this.#jobs.open === 0) return;
    const now = performance.now();
    const { downSince } = this.#link;
    if (downSince !== undefined) this.#failUnreachable(downSince, now);
    if (this.#isLooking || now - this.#lookedAt < LOOK_EVERY) return;
    const old = this.#jobs.values().filter(({ sentAt = now }) => now - sentAt >= MIN_AGE);
    if (old.length > 0) void this.#lookAt(old);
  }

  /** While Redis is away, a call's time goes on. */
  #failUnreachable(downSince: number, now: number): void {
    for (const job of this.#jobs.values()) {
      const waited = now - Math.max(downSince, job.madeAt);
      this.#jobs.giveUp(job, (call) =>
        waited >= call.timeout
          ? broken(call, `Redis was lost, and is not back after ${Math.round(waited)} ms`)
          : undefined,
      );
    }
  }

  async #lookAt(jobs: readonly OpenJob[]): Promise<void> {
    this.#isLooking = true;
    const { redis, inbox } = this.#link;
    try {
      for (let i = 0; i < jobs.length; i += MAX_LOOKS) {
        const some = jobs.slice(i, i + MAX_LOOKS);
        const ids = some.map(({ id }) => id);
        const { last, states } = await within(LOOK_TIMEOUT, redis.look(inbox.key, ids));
        // What is on its way comes first.
        const isRead = inbox.hasRead(last);
        some.forEach((job, index) => this.#judge(job, states[index], isRead));
      }
    } catch (error) {
      if (error instanceof NoAnswer) void this.#link.suspect();
    } finally {
      this.#isLooking = false;
      this.#lookedAt = performance.now();
    }
  }

  #judge(job: OpenJob, state: JobState | undefined, isRead: boolean): void {
    if (!this.#jobs.has(job)) return;
    job.isRunning = state === JobState.Running;
    if (state === JobState.Gone && isRead) {
      const reason = 'its job was removed from the queue, or what it came to was lost with Redis';
      this.#jobs.giveUp(job, (call) => broken(call, reason));
    }
    if (state === JobState.Stalled) this.#judgeStalled(job);
    else job.stalledSince = undefined;
  }

  /** A job that may be run again waits for another worker. */
  #judgeStalled(job: OpenJob): void {
    const now = performance.now();
    job.stalledSince ??= now;
    const stalled = now - job.stalledSince;
    this.#jobs.giveUp(job, (call) => {
      const patience = call.task.idempotent ? ABANDONED_AFTER : STALLED_AFTER;
      return stalled < patience ? undefined : broken(call, WORKER_DIED);
    });
    // Nobody waits for it: it is not to be run.
    if (!this.#jobs.has(job)) void this.#link.remove([job.id]).catch(() => {});
  }
}

const WORKER_DIED =
  'its worker has died, or has lost Redis. If the task may be run twice, say so with taskFile(url, { idempotent: true })';

/** The outcome of a call that nothing more is to be expected of. */
export function broken({ key, task }: Call, reason: string, cause?: unknown) {
  const message = `The queue gave no outcome for the task ${task.id}: ${reason}.`;
  return notStarted(new BrokenExecutorError(message, { key, task: task.id, cause }));
}
