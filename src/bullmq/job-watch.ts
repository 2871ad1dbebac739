import { notStarted } from '../executors/kit.js';
import { BrokenExecutorError, type Call, FutureTimeoutError } from '../index.js';
import { noWorker, type Backlog } from './backlog.js';
import type { ResolvedBullmqOptions } from './bullmq.options.js';
import { causeOf } from './log-text.js';
import type { OpenCall, OpenJob, OpenJobs } from './open-jobs.js';
import type { QueueLink } from './queue-link.js';
import { JobState, Withdrawal } from './redis-commands.js';
import { within } from './within.js';

/** How often, in ms, to check the open jobs, and to ask Redis whether the inbox exists. */
const INTERVAL = 500;
/** How long, in ms, a job must have been sent before Redis is asked about it. */
const MIN_AGE = 2_000;
/** How often, in ms, Redis is asked about jobs, and how long it may take to answer. */
const LOOK_EVERY = 1_000;
const LOOK_TIMEOUT = 2_000;
/** Maximum number of jobs to ask about at once. */
const MAX_LOOKS = 1_000;
/** How long, in ms, a job's worker may be silent before it counts as dead. */
const STALLED_AFTER = 1_000;
/** How long, in ms, a job whose worker died waits for another worker to run it again. */
const ABANDONED_AFTER = 30_000;
/** How often a call runs at most. */
const MAX_RUNS = 3;
/** How long, in ms, a call may take beyond its limits, to load its task file and to be answered. */
const RUN_GRACE = 15_000;
/** How long, in ms, a worker has to confirm that it runs a job that Redis lost. */
const LOST_AFTER = 6_000;
/** How often a call is sent again at most after Redis lost it. */
const MAX_LOSSES = 3;
/** How long, in ms, a job may wait for a worker before a warning is logged. */
const BUSY_AFTER = 10_000;

/** The part of the job sender that the watch uses. */
interface Sender {
  send(calls: readonly OpenCall[]): void;
  withdraw(jobs: readonly OpenJob[]): Promise<readonly Withdrawal[]>;
}

/**
 * Watches jobs that get no reply, so that no call waits forever: jobs that were removed from the
 * queue or lost, jobs whose worker died or is late, jobs that no worker takes, and all jobs while
 * Redis is unreachable.
 *
 * @internal
 */
export class JobWatch {
  readonly #timer: NodeJS.Timeout;
  #lookedAt = -Infinity;
  #isLooking = false;

  constructor(
    private readonly options: ResolvedBullmqOptions,
    private readonly jobs: OpenJobs,
    private readonly link: QueueLink,
    private readonly backlog: Backlog,
    private readonly sender: Sender,
  ) {
    this.#timer = setInterval(() => this.#tick(), INTERVAL).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    if (this.jobs.open === 0) return;
    const now = performance.now();
    const open = this.jobs.values();
    this.#failLate(open, now);
    const { downSince } = this.link;
    if (downSince !== undefined) this.#failUnreachable(open, downSince, now);
    else if (!this.#isLooking) void this.#look(open, now);
  }

  /** A call's limits hold whatever its worker does. */
  #failLate(open: readonly OpenJob[], now: number): void {
    const late = open.filter((job) => {
      const { takenAt } = job;
      if (takenAt === undefined) return false;
      this.jobs.giveUp(job, ({ key, task, timeout }) => {
        const runs = task.idempotent ? MAX_RUNS : 1;
        const limit = runs * timeout + (runs - 1) * ABANDONED_AFTER + RUN_GRACE;
        if (now - takenAt < limit) return undefined;
        return notStarted(new FutureTimeoutError('run', timeout, { key, task: task.id }));
      });
      return job.isDropped;
    });
    void this.sender.withdraw(late);
  }

  /** While Redis is unreachable, a call's time limit keeps running. */
  #failUnreachable(open: readonly OpenJob[], downSince: number, now: number): void {
    for (const job of open) {
      const waited = now - Math.max(downSince, job.madeAt);
      this.jobs.giveUp(job, (call) =>
        waited >= call.timeout
          ? broken(call, `Redis was lost, and is not back after ${Math.round(waited)} ms`)
          : undefined,
      );
    }
  }

  async #look(open: readonly OpenJob[], now: number): Promise<void> {
    const isDue = now - this.#lookedAt >= LOOK_EVERY;
    const old = isDue ? open.filter(({ sentAt = now }) => now - sentAt >= MIN_AGE) : [];
    this.#isLooking = true;
    try {
      const waiting: OpenJob[] = [];
      for (let i = 0; i === 0 || i < old.length; i += MAX_LOOKS) {
        const some = old.slice(i, i + MAX_LOOKS);
        const beat = this.link.inbox.beat(some.map(({ id }) => id));
        const { states, isRead } = await within(LOOK_TIMEOUT, beat);
        some.forEach((job, index) => this.#judge(job, states[index], isRead));
        waiting.push(...some.filter((_, index) => states[index] === JobState.Waiting));
      }
      this.backlog.workers = this.link.inbox.workers;
      if (waiting.length > 0) await this.#judgeWaiting(waiting);
      if (isDue) this.#lookedAt = performance.now();
    } catch (error) {
      this.link.suspect(error);
    }
    this.#isLooking = false;
  }

  #judge(job: OpenJob, state: JobState | undefined, isRead: boolean): void {
    if (!this.jobs.has(job)) return;
    job.isRunning = state === JobState.Running;
    if (job.isRunning) job.takenAt ??= performance.now();
    if (state !== JobState.Gone) job.goneSince = undefined;
    // Replies that are still in the inbox come first.
    else if (isRead) this.#judgeGone(job);
    if (state === JobState.Stalled) this.#judgeStalled(job);
    else job.stalledSince = undefined;
  }

  #judgeGone(job: OpenJob): void {
    const now = performance.now();
    job.goneSince ??= now;
    const isLost = this.link.inbox.lostAt > (job.sentAt ?? now);
    // Its worker has confirmed that it runs it, and doesn't need the job in Redis to reply.
    if (job.confirmedAt !== undefined) return;
    const mayBeAnswered = isLost || job.takenAt !== undefined;
    if (mayBeAnswered && now - job.goneSince < LOST_AFTER) return;
    if (isLost) this.#sendAgain(job);
    this.jobs.giveUp(job, (call) => broken(call, isLost ? LOST : REMOVED));
  }

  #sendAgain({ calls }: OpenJob): void {
    const again = calls.filter(
      ({ call, isSettled, resent }) => call.task.idempotent && !isSettled && resent < MAX_LOSSES,
    );
    for (const open of again) this.jobs.detach(open);
    this.sender.send(again);
  }

  /** An idempotent call waits for another worker to run it again. */
  #judgeStalled(job: OpenJob): void {
    const now = performance.now();
    job.stalledSince ??= now;
    const stalled = now - job.stalledSince;
    this.jobs.giveUp(job, (call) => {
      const patience = call.task.idempotent ? ABANDONED_AFTER : STALLED_AFTER;
      return stalled < patience ? undefined : broken(call, WORKER_DIED);
    });
    // Nobody waits for the job any more, so it must not run again.
    if (!this.jobs.has(job)) void this.sender.withdraw([job]);
  }

  async #judgeWaiting(waiting: readonly OpenJob[]): Promise<void> {
    const { workers } = this.backlog;
    if (workers === 0 && this.options.failWithoutWorkers) {
      const results = await this.sender.withdraw(waiting);
      const error = this.backlog.withoutWorkers();
      waiting.forEach((job, i) => {
        if (results[i] === Withdrawal.Removed) this.jobs.giveUp(job, () => notStarted(error));
      });
      return;
    }
    const now = performance.now();
    const oldest = Math.max(...waiting.map(({ sentAt = now }) => now - sentAt));
    if (workers > 0 && oldest < BUSY_AFTER) return;
    const calls = waiting.reduce((sum, { open }) => sum + open, 0);
    const since = `${calls} calls wait, the oldest for ${Math.round(oldest / 1_000)} s`;
    this.link.warnOf(
      workers === 0 ? `${noWorker(this.options)}. ${since}.` : `${busy(workers)}: ${since}.`,
      workers === 0 ? 'no worker' : 'busy',
    );
  }
}

function busy(workers: number): string {
  return (
    `${workers} ${workers === 1 ? 'worker is' : 'workers are'} alive, and none takes jobs of this process. ` +
    `They are busy (add workers, or threads), or the queue is paused`
  );
}

const REMOVED = 'its job was removed from the queue, or what it came to was lost with Redis';
const LOST =
  'Redis has lost its data, and with it the job, and no worker says that it runs it. If the task may be run twice, say so with taskFile(url, { idempotent: true }): it is added again then';
const WORKER_DIED =
  'its worker has died, or has lost Redis. If the task may be run twice, say so with taskFile(url, { idempotent: true })';

/** The outcome of a call that can no longer get one from a worker. */
export function broken({ key, task }: Call, reason: string, cause?: unknown) {
  const message = `The queue gave no outcome for the task ${task.id}: ${reason}.`;
  return notStarted(
    new BrokenExecutorError(message, { key, task: task.id, cause: causeOf(cause) }),
  );
}
