import { randomUUID } from 'node:crypto';
import { Worker, createRedisBackend } from 'bullmq';
import { ThreadExecutor } from '../executors/thread.executor.js';
import { ConnectionWatch, persistent } from './connection-watch.js';
import type { ResolvedWorkerOptions } from './futures-worker.options.js';
import { INBOX_TTL, Inbox } from './inbox.js';
import type { JobData } from './job-data.js';
import { JobRunner } from './job-runner.js';
import { FleetKeys, RedisCommands } from './redis-commands.js';
import { TraceContext } from './trace-context.js';
import { within } from './within.js';

/** How long, in ms, leaving Redis may take. */
const CLOSE_TIMEOUT = 2_000;

/** What a worker has while it works. */
interface Work {
  readonly worker: Worker<JobData>;
  readonly watch: ConnectionWatch;
  readonly redis: RedisCommands;
  readonly inbox: Inbox;
  readonly runner: JobRunner;
}

/**
 * Takes jobs from the queue and runs them, from its start until it is closed.
 *
 * @internal
 */
export class FuturesWorker {
  readonly #options: ResolvedWorkerOptions;
  readonly #threads: ThreadExecutor;
  readonly #name = randomUUID();
  #work: Work | undefined;

  constructor(options: ResolvedWorkerOptions) {
    this.#options = options;
    this.#threads = new ThreadExecutor(options.threads);
  }

  /** Resolves when Redis can be reached, and jobs are taken. */
  async start(): Promise<void> {
    const trace = await TraceContext.load();
    if (this.#options.threads.min > 0) await this.#threads.start();
    const work = this.#createWork(trace);
    this.#work = work;
    await work.inbox.open();
    void work.worker.run();
  }

  /** Takes no more jobs, and lets those under way end, or gives them up after `shutdownTimeout`. */
  async close(): Promise<void> {
    if (this.#work !== undefined) await this.#leave(this.#work);
    await this.#threads.close({ timeout: 0 });
  }

  async #leave({ worker, watch, redis, inbox, runner }: Work): Promise<void> {
    const isDrained = await isOver(worker.pause(), this.#options.shutdownTimeout);
    if (!isDrained) runner.giveUp();
    await isOver(redis.discharge(this.#name));
    watch.end();
    await isOver(inbox.close());
    await isOver(worker.close(!isDrained));
  }

  #createWork(trace: TraceContext): Work {
    const { connection, queue, prefix, tasks, maxSize } = this.#options;
    const worker = this.#createWorker((job) => runner.run(job));
    const watch = new ConnectionWatch(`Worker of queue "${queue}"`, worker.getBackend());
    worker.on('error', (error) => watch.warn(error));
    const redis = new RedisCommands(worker.getBackend().client, new FleetKeys(prefix, queue));
    const location = { connection, queue, prefix };
    const inbox = new Inbox(this.#name, redis, location, {
      message: (jobId) => runner.abort(jobId),
      touched: () => void redis.enlist(this.#name, INBOX_TTL / 1_000).catch(() => {}),
    });
    worker.getBackend().on('ready', () => inbox.keepAlive());
    const threads = this.#threads;
    const runner = new JobRunner({ tasks, maxSize, threads, trace, redis, watch, inbox });
    return { worker, watch, redis, inbox, runner };
  }

  #createWorker(run: JobRunner['run']): Worker<JobData> {
    const { connection, queue, prefix, concurrency, stalledAfter } = this.#options;
    const options = {
      // By this name the queue knows who runs a job, and so whose inbox it is to be ended by.
      name: this.#name,
      connection: persistent(connection),
      prefix,
      concurrency,
      autorun: false,
      lockDuration: stalledAfter,
      stalledInterval: stalledAfter / 2,
      // What becomes of a stalled job is decided call by call, when it is taken again.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      // By default, 15 s pass until a worker goes on when Redis is back.
      runRetryDelay: 1_000,
    };
    return new Worker<JobData>(queue, run, options, createRedisBackend);
  }
}

/** Whether what is waited for ended in time, one way or another. */
async function isOver(ending: Promise<unknown>, timeout = CLOSE_TIMEOUT): Promise<boolean> {
  return within(timeout, Promise.allSettled([ending])).then(
    () => true,
    () => false,
  );
}
