import { notStarted } from '../executors/kit.js';
import {
  BrokenExecutorError,
  type ExecutorSaturatedError,
  FutureTimeoutError,
  type Outcome,
} from '../index.js';
import { Backlog } from './backlog.js';
import type { ResolvedBullmqOptions } from './bullmq.options.js';
import { readReply } from './edge.js';
import { HandBacks } from './hand-backs.js';
import { storeJob, type JobData } from './job-data.js';
import { JobWatch, broken } from './job-watch.js';
import { messageOf } from './log-text.js';
import type { OpenCall, OpenJob, OpenJobs } from './open-jobs.js';
import { QueueLink, type NewJob } from './queue-link.js';
import { Withdrawal } from './redis-commands.js';
import { addressOf } from './address.js';
import { NoAnswer, within } from './within.js';

/** What exists while the executor is connected to Redis, or connecting. */
interface Connected {
  readonly link: QueueLink;
  readonly watch: JobWatch;
  readonly since: number;
  readonly opened: Promise<void>;
}

/**
 * Sends calls to the queue: all calls of one turn of the event loop, whatever requests they belong
 * to, in as few jobs as possible and in one round trip.
 *
 * @internal
 */
export class JobSender {
  readonly #options: ResolvedBullmqOptions;
  readonly #name: string;
  readonly #jobs: OpenJobs;
  readonly #backlog: Backlog;
  readonly #handBacks: HandBacks;
  #unsent: OpenCall[] = [];
  #connected: Connected | undefined;
  #isClosed = false;

  constructor(options: ResolvedBullmqOptions, name: string, jobs: OpenJobs) {
    this.#options = options;
    this.#name = name;
    this.#jobs = jobs;
    this.#backlog = new Backlog(options);
    this.#handBacks = new HandBacks(
      (calls) => this.send(calls),
      async (workers) => {
        const link = await this.#connect();
        return within(options.redisTimeout, link.redis.others(workers));
      },
    );
  }

  /** Live workers, as far as is known. */
  get workers(): number {
    return this.#backlog.workers;
  }

  /**
   * Asks Redis how many workers are alive; connects if need be.
   *
   * @throws BrokenExecutorError if Redis cannot be reached
   */
  async countWorkers(): Promise<number> {
    const { redisTimeout } = this.#options;
    try {
      const link = await this.#connect();
      if (!(await link.whenUp(redisTimeout))) throw new Error(link.reason);
      await within(redisTimeout, this.#backlog.count(link.redis));
      return this.workers;
    } catch (error) {
      this.#connected?.link.suspect(error);
      const message = `The workers of the queue cannot be counted: ${this.#unreachable(error)}.`;
      throw new BrokenExecutorError(message, { cause: error });
    }
  }

  send(calls: readonly OpenCall[]): void {
    if (calls.length === 0) return;
    if (this.#unsent.length === 0) setImmediate(() => void this.#flush());
    this.#unsent.push(...calls);
  }

  /**
   * Removes jobs that nobody waits for any more, and orders workers that have them to stop them.
   * Resolves to what became of each job, or to an empty list if Redis doesn't answer.
   */
  async withdraw(jobs: readonly OpenJob[], isOrder = true): Promise<readonly Withdrawal[]> {
    if (jobs.length === 0 || this.#connected === undefined) return [];
    const { link } = this.#connected;
    const { seal, redisTimeout } = this.#options;
    const pairs = jobs.map(({ id, token }) => {
      const order = isOrder ? seal.close('order', JSON.stringify([id, token])) : '';
      return [id, order] as const;
    });
    try {
      return await within(redisTimeout, link.redis.withdraw(pairs));
    } catch (error) {
      // These jobs run, and their outcomes are dropped.
      link.suspect(error);
      return [];
    }
  }

  /** Disconnects from Redis. @param outcome for calls that wait to be sent again */
  async close(outcome: Outcome): Promise<void> {
    this.#isClosed = true;
    this.#handBacks.giveUp(outcome);
    if (this.#connected === undefined) return;
    const { link, watch } = this.#connected;
    this.#connected = undefined;
    watch.close();
    await link.close();
  }

  async #flush(): Promise<void> {
    const jobs = this.#jobs.plan(this.#unsent.filter(({ isSettled }) => !isSettled));
    this.#unsent = [];
    if (jobs.length === 0) return;
    for (const job of jobs) this.#limitWait(job);
    try {
      const refusal = await this.#add(jobs);
      if (refusal === undefined) return;
      for (const job of jobs) this.#jobs.giveUp(job, () => notStarted(refusal));
    } catch (error) {
      this.#connected?.link.suspect(error);
      const reason = this.#unreachable(error);
      for (const job of jobs) this.#jobs.giveUp(job, (call) => broken(call, reason, error));
      // Redis may have accepted some of the jobs.
      void this.withdraw(jobs.filter(({ sentAt }) => sentAt !== undefined));
    }
  }

  #unreachable(error: unknown): string {
    const why = error instanceof NoAnswer ? this.#connected?.link.reason : undefined;
    const redis = `Redis${addressOf(this.#options.connection)}`;
    return `${redis} cannot be reached (${why ?? messageOf(error)})`;
  }

  /** Resolves to the reason if the jobs are refused. */
  async #add(jobs: readonly OpenJob[]): Promise<ExecutorSaturatedError | undefined> {
    const { redisTimeout } = this.#options;
    const link = await this.#connect();
    if (!(await link.whenUp(redisTimeout))) throw new Error(link.reason);
    const refusal = await within(redisTimeout, this.#backlog.admit(jobs.length, link.redis));
    // Calls whose client has disconnected are not sent.
    const wanted = jobs.filter(({ open }) => open > 0);
    if (refusal !== undefined || wanted.length === 0) return refusal;
    const now = performance.now();
    const added = link.add(wanted.map((job) => this.#toNewJob(job, link, now)));
    for (const job of wanted) job.sentAt = now;
    try {
      await within(redisTimeout, added);
    } catch (error) {
      // Redis may still accept the jobs when the connection is back.
      void added.then(() => this.withdraw(wanted)).catch(() => {});
      throw error;
    }
    // The jobs whose client disconnected while they were being sent.
    void this.withdraw(wanted.filter(({ isDropped }) => isDropped));
    return undefined;
  }

  #toNewJob(
    { id, token, calls, queueTimeout, priority }: OpenJob,
    link: QueueLink,
    now: number,
  ): NewJob {
    const waited = now - Math.min(...calls.map(({ openedAt }) => openedAt));
    const data: JobData = {
      inbox: link.inbox.name,
      token,
      calls: calls.map(({ wire }) => wire),
      queuedAt: link.inbox.clock.now() - waited,
      ...(queueTimeout === undefined ? {} : { queueTimeout }),
    };
    const first = calls[0]?.call.task.id ?? '';
    const name = calls.length === 1 ? first : `${first} and ${calls.length - 1} more`;
    return { id, name, priority, data: storeJob(id, data, this.#options.seal) };
  }

  async #connect(): Promise<QueueLink> {
    if (this.#isClosed) throw new Error('the executor is closed');
    const { link, opened, since } = (this.#connected ??= this.#open());
    await within(Math.max(0, since + this.#options.redisTimeout - performance.now()), opened);
    return link;
  }

  #open(): Connected {
    const { seal, maxSize } = this.#options;
    const link = new QueueLink(this.#options, this.#name, (message) => {
      const handedBack = this.#jobs.answer(readReply(message, seal, maxSize));
      for (const each of handedBack) void this.#handBacks.take(each);
    });
    const watch = new JobWatch(this.#options, this.#jobs, link, this.#backlog, this);
    const opened = link.open();
    const connected: Connected = { link, watch, opened, since: performance.now() };
    opened.catch(() => {
      // This isn't an outage, which open() waits for. The next batch connects again.
      watch.close();
      void link.close();
      if (this.#connected === connected) this.#connected = undefined;
    });
    return connected;
  }

  /** Ends a job's wait on time, whatever state Redis and the workers are in. */
  #limitWait(job: OpenJob): void {
    const { queueTimeout } = job;
    if (queueTimeout === undefined) return;
    const waited = performance.now() - Math.min(...job.calls.map(({ openedAt }) => openedAt));
    const left = Math.max(0, queueTimeout - waited);
    job.queueTimer = setTimeout(() => void this.#endWait(job, queueTimeout), left);
  }

  async #endWait(job: OpenJob, queueTimeout: number): Promise<void> {
    const [withdrawal] = job.sentAt === undefined ? [] : await this.withdraw([job], false);
    // From now on its worker enforces the time limit, or else the watch does.
    if (withdrawal === Withdrawal.Taken) job.takenAt ??= performance.now();
    // A job that is gone has ended, and its reply is on the way; if not, the watch notices.
    if (withdrawal === Withdrawal.Taken || withdrawal === Withdrawal.Gone) return;
    // If Redis didn't answer, a taken job runs on, and a worker that takes it later rejects it.
    if (withdrawal === undefined && job.takenAt !== undefined) return;
    this.#jobs.giveUp(job, ({ key, task }) => {
      const error = new FutureTimeoutError('queue', queueTimeout, { key, task: task.id });
      return notStarted(error, queueTimeout);
    });
  }
}
