import { randomUUID } from 'node:crypto';
import { ExecutorSaturatedError, FutureTimeoutError } from '../errors/index.js';
import {
  SHUTTING_DOWN,
  cancelled,
  notStarted,
  type Call,
  type Executor,
  type ExecutorStats,
  type Outcome,
} from '../executors/executor.js';
import { Backlog } from './backlog.js';
import {
  resolveBullmqOptions,
  type BullmqExecutorOptions,
  type ResolvedBullmqOptions,
} from './bullmq.options.js';
import { toJobCall } from './job-data.js';
import { JobWatch, broken } from './job-watch.js';
import { OpenJobs, toJobData, type OpenCall, type OpenJob } from './open-jobs.js';
import type { OutcomeMessage } from './outcome-message.js';
import { QueueLink } from './queue-link.js';
import { TraceContext } from './trace-context.js';
import { within } from './within.js';

/**
 * Makes an executor whose calls are run by workers on other machines, which take them from a BullMQ
 * queue: apps with {@link FuturesWorkerModule}. It connects to Redis when it is first used.
 *
 * @throws FuturesOptionsError naming the option, its value and what is allowed
 *
 * @example
 * ```ts
 * FuturesModule.forRoot({
 *   executors: { queue: bullmqExecutor({ connection: { host: 'redis' }, queue: 'futures' }) },
 * });
 * futures.using({ executor: 'queue' }).submit('report', tasks.renderReport, rows);
 * ```
 *
 * @publicApi
 */
export function bullmqExecutor(options: BullmqExecutorOptions): Executor {
  return new BullmqExecutor(resolveBullmqOptions(options));
}

/** What the executor has while it is connected. */
interface Connected {
  readonly link: QueueLink;
  readonly watch: JobWatch;
  readonly openedAt: number;
  readonly opened: Promise<void>;
}

/** @internal */
export class BullmqExecutor implements Executor {
  readonly #options: ResolvedBullmqOptions;
  /** Names this process's inbox, and the jobs it adds. */
  readonly #name = randomUUID();
  readonly #jobs = new OpenJobs(this.#name);
  readonly #backlog: Backlog;
  #connected: Connected | undefined;
  #trace: Promise<TraceContext> | undefined;
  #closing = false;
  #resolved = 0;
  #failed = 0;

  constructor(options: ResolvedBullmqOptions) {
    this.#options = options;
    this.#backlog = new Backlog(options.maxQueue);
  }

  async run(
    calls: readonly Call[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Outcome[]> {
    if (calls.length === 0) return [];
    const trace = (await (this.#trace ??= TraceContext.load())).inject();
    if (signal?.aborted === true) return calls.map(cancelled);
    return new Promise((resolve) => {
      const outcomes = new Array<Outcome>(calls.length);
      let open = calls.length;
      const settle = (i: number, outcome: Outcome) => {
        outcomes[i] = outcome;
        if (outcome.status === 'resolved') this.#resolved++;
        else this.#failed++;
        if (--open > 0) return;
        signal?.removeEventListener('abort', abort);
        resolve(outcomes);
      };
      const jobs = this.#jobs.plan(this.#toOpenCalls(calls, settle));
      const abort = () => void this.#cancel(jobs);
      if (open > 0) signal?.addEventListener('abort', abort);
      void this.#submit(jobs, trace);
    });
  }

  stats(): ExecutorStats {
    let [queued, running] = [0, 0];
    for (const job of this.#jobs.values()) {
      const open = job.calls.filter(({ settled }) => !settled).length;
      if (job.isRunning) running += open;
      else queued += open;
    }
    const { workers } = this.#backlog;
    return { workers, queued, running, resolved: this.#resolved, failed: this.#failed };
  }

  async close({ timeout }: { readonly timeout: number }): Promise<void> {
    this.#closing = true;
    await this.#jobs.drained(timeout);
    const left = this.#jobs.values();
    const error = new ExecutorSaturatedError(SHUTTING_DOWN, 1);
    for (const job of left) this.#jobs.settle(job, () => notStarted(error));
    if (this.#connected === undefined) return;
    const { link, watch } = this.#connected;
    watch.close();
    if (link.downSince === undefined) await this.#withdraw(left);
    await link.close();
    this.#connected = undefined;
  }

  /** Calls that cannot be sent are settled at once. */
  #toOpenCalls(calls: readonly Call[], settle: (i: number, outcome: Outcome) => void): OpenCall[] {
    const { maxSize } = this.#options;
    return calls.flatMap((call, i) => {
      try {
        const wire = toJobCall(call, maxSize);
        const estimate = this.#jobs.estimate(call.task.id);
        const open: OpenCall = {
          call,
          wire,
          estimate,
          settled: false,
          settle: (outcome) => {
            if (open.settled) return;
            open.settled = true;
            settle(i, outcome);
          },
        };
        return [open];
      } catch (error) {
        settle(i, notStarted(error));
        return [];
      }
    });
  }

  async #submit(jobs: readonly OpenJob[], trace: Readonly<Record<string, string>> | undefined) {
    if (jobs.length === 0) return;
    for (const job of jobs) this.#jobs.add(job);
    try {
      const refusal = await this.#send(jobs, trace);
      if (refusal === undefined) return;
      for (const job of jobs) this.#jobs.settle(job, () => notStarted(refusal));
    } catch (error) {
      const reason = `Redis cannot be reached (${(error as Error).message})`;
      for (const job of jobs) this.#jobs.settle(job, (call) => broken(call, reason, error));
    }
  }

  /** Adds the jobs; resolves to why they are refused, if they are. */
  async #send(
    jobs: readonly OpenJob[],
    trace: Readonly<Record<string, string>> | undefined,
  ): Promise<ExecutorSaturatedError | undefined> {
    if (this.#closing) return new ExecutorSaturatedError(SHUTTING_DOWN, 1);
    const { redisTimeout } = this.#options;
    const link = await this.#connect();
    if (!(await link.whenUp(redisTimeout))) throw new Error('the connection is lost');
    const refusal = await within(redisTimeout, this.#backlog.admit(jobs.length, link.redis));
    // Its client may have gone meanwhile.
    const wanted = jobs.filter((job) => this.#jobs.has(job));
    if (refusal !== undefined || wanted.length === 0) return refusal;
    const { inbox } = link;
    const common = { inbox: inbox.key, queuedAt: inbox.now(), ...(trace && { trace }) };
    for (const job of wanted) this.#limitWait(job);
    const added = link.add(wanted.map((job) => ({ id: job.id, data: toJobData(job, common) })));
    try {
      await within(redisTimeout, added);
    } catch (error) {
      // Redis may have taken them all the same, or does when the connection is back.
      void added.then(() => this.#withdraw(wanted)).catch(() => {});
      throw error;
    }
    // Whose client has gone before Redis had them.
    void this.#withdraw(wanted.filter(({ isDropped }) => isDropped));
    return undefined;
  }

  async #connect(): Promise<QueueLink> {
    const { link, opened, openedAt } = (this.#connected ??= this.#open());
    const left = openedAt + this.#options.redisTimeout - performance.now();
    await within(Math.max(0, left), opened);
    return link;
  }

  #open(): Connected {
    const link = new QueueLink(this.#options, this.#name, (message) => this.#onMessage(message));
    const watch = new JobWatch(this.#jobs, link);
    const opened = link.open();
    const connected: Connected = { link, watch, opened, openedAt: performance.now() };
    opened.catch(() => {
      // Not Redis being away, which is waited for: the next batch begins anew.
      watch.close();
      void link.close();
      if (this.#connected === connected) this.#connected = undefined;
    });
    return connected;
  }

  #onMessage(message: string): void {
    const [jobId, outcomes] = JSON.parse(message) as [string, OutcomeMessage[]];
    this.#jobs.answer(jobId, outcomes);
  }

  /** While a job waits in Redis, its time is kept here; then by its worker. */
  #limitWait(job: OpenJob): void {
    const { queueTimeout } = job;
    if (queueTimeout === undefined) return;
    job.queueTimer = setTimeout(() => {
      void this.#connect()
        .then((link) => link.remove([job.id]))
        .then((taken) => {
          if (taken.length > 0) return;
          this.#jobs.settle(job, ({ key, task }) => {
            const error = new FutureTimeoutError('queue', queueTimeout, { key, task: task.id });
            return notStarted(error, queueTimeout);
          });
        })
        // While Redis is away, the watch sees to it.
        .catch(() => {});
    }, queueTimeout);
  }

  async #cancel(jobs: readonly OpenJob[]): Promise<void> {
    const open = jobs.filter((job) => this.#jobs.has(job));
    for (const job of open) this.#jobs.settle(job, cancelled);
    await this.#withdraw(open);
  }

  /** Jobs nobody waits for any more: removed, or, if a worker has them, ended by it. */
  async #withdraw(jobs: readonly OpenJob[]): Promise<void> {
    if (jobs.length === 0 || this.#connected === undefined) return;
    const { link } = this.#connected;
    try {
      const taken = await within(this.#options.redisTimeout, link.remove(jobs.map(({ id }) => id)));
      if (taken.length > 0) await link.redis.signal(taken);
    } catch {
      // They run, and what comes of it is dropped.
    }
  }
}
