import { ExecutorSaturatedError, FutureTimeoutError } from '../errors/index.js';
import { notStarted } from '../executors/executor.js';
import { Backlog } from './backlog.js';
import type { ResolvedBullmqOptions } from './bullmq.options.js';
import { JobWatch, broken } from './job-watch.js';
import { toJobData, type OpenCall, type OpenJob, type OpenJobs } from './open-jobs.js';
import type { OutcomeMessage } from './outcome-message.js';
import { QueueLink } from './queue-link.js';
import { NoAnswer, within } from './within.js';

/** What there is while the executor is in touch with Redis, or tries to be. */
interface Connected {
  readonly link: QueueLink;
  readonly watch: JobWatch;
  readonly since: number;
  readonly opened: Promise<void>;
}

/**
 * Sends calls to the queue: all those of one turn of the event loop, whatever requests they are of,
 * in as few jobs and in one round trip.
 *
 * @internal
 */
export class JobSender {
  readonly #options: ResolvedBullmqOptions;
  readonly #name: string;
  readonly #jobs: OpenJobs;
  readonly #backlog: Backlog;
  #unsent: OpenCall[] = [];
  #connected: Connected | undefined;
  #isClosed = false;

  constructor(options: ResolvedBullmqOptions, name: string, jobs: OpenJobs) {
    this.#options = options;
    this.#name = name;
    this.#jobs = jobs;
    this.#backlog = new Backlog(options.maxQueue);
  }

  /** Workers alive, as far as is known. */
  get workers(): number {
    return this.#backlog.workers;
  }

  send(calls: readonly OpenCall[]): void {
    if (calls.length === 0) return;
    if (this.#unsent.length === 0) setImmediate(() => void this.#flush());
    this.#unsent.push(...calls);
  }

  /** Jobs nobody waits for any more: removed, or, if workers have them, ended by those. */
  async withdraw(jobs: readonly OpenJob[]): Promise<void> {
    if (jobs.length === 0 || this.#connected === undefined) return;
    const { link } = this.#connected;
    const ids = jobs.map(({ id }) => id);
    try {
      const taken = await within(this.#options.redisTimeout, link.remove(ids));
      if (taken.length > 0) await within(this.#options.redisTimeout, link.redis.signal(taken));
    } catch {
      // They run, and what comes of it is dropped.
    }
  }

  /** Leaves Redis. */
  async close(): Promise<void> {
    this.#isClosed = true;
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
    try {
      const refusal = await this.#add(jobs);
      if (refusal === undefined) return;
      for (const job of jobs) this.#jobs.giveUp(job, () => notStarted(refusal));
    } catch (error) {
      if (error instanceof NoAnswer) void this.#connected?.link.suspect();
      const reason = `Redis cannot be reached (${(error as Error).message})`;
      for (const job of jobs) this.#jobs.giveUp(job, (call) => broken(call, reason, error));
    }
  }

  /** Resolves to why the jobs are not taken, if they are not. */
  async #add(jobs: readonly OpenJob[]): Promise<ExecutorSaturatedError | undefined> {
    const { redisTimeout } = this.#options;
    const link = await this.#connect();
    if (!(await link.whenUp(redisTimeout))) throw new Error('the connection is lost');
    const refusal = await within(redisTimeout, this.#backlog.admit(jobs.length, link.redis));
    // Whose client has gone meanwhile is not sent.
    const wanted = jobs.filter(({ isDropped }) => !isDropped);
    if (refusal !== undefined || wanted.length === 0) return refusal;
    const { inbox } = link;
    const common = { inbox: inbox.key, queuedAt: inbox.now() };
    for (const job of wanted) {
      job.sentAt = performance.now();
      this.#limitWait(job);
    }
    const added = link.add(wanted.map((job) => ({ id: job.id, data: toJobData(job, common) })));
    try {
      await within(redisTimeout, added);
    } catch (error) {
      // Redis may take them all the same, when the connection is back.
      void added.then(() => this.withdraw(wanted)).catch(() => {});
      throw error;
    }
    // Those whose client has gone before Redis had them.
    void this.withdraw(wanted.filter(({ isDropped }) => isDropped));
    return undefined;
  }

  async #connect(): Promise<QueueLink> {
    if (this.#isClosed) throw new Error('the executor is closed');
    const { link, opened, since } = (this.#connected ??= this.#open());
    await within(Math.max(0, since + this.#options.redisTimeout - performance.now()), opened);
    return link;
  }

  #open(): Connected {
    const link = new QueueLink(this.#options, this.#name, (message) => {
      const [jobId, outcomes] = JSON.parse(message) as [string, OutcomeMessage[]];
      this.#jobs.answer(jobId, outcomes);
    });
    const watch = new JobWatch(this.#jobs, link);
    const opened = link.open();
    const connected: Connected = { link, watch, opened, since: performance.now() };
    opened.catch(() => {
      // Not Redis being away, which is waited for: the next batch begins anew.
      watch.close();
      void link.close();
      if (this.#connected === connected) this.#connected = undefined;
    });
    return connected;
  }

  /** While a job waits in Redis, its time is kept here; then by its worker. */
  #limitWait(job: OpenJob): void {
    const { queueTimeout } = job;
    if (queueTimeout === undefined) return;
    const endWait = async () => {
      const link = await this.#connect();
      const taken = await link.remove([job.id]);
      if (taken.length > 0) return;
      this.#jobs.giveUp(job, ({ key, task }) => {
        const error = new FutureTimeoutError('queue', queueTimeout, { key, task: task.id });
        return notStarted(error, queueTimeout);
      });
    };
    // While Redis is away, the watch sees to it.
    job.queueTimer = setTimeout(() => void endWait().catch(() => {}), queueTimeout);
  }
}
