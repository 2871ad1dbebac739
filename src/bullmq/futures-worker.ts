import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Worker, createRedisBackend, type Job } from 'bullmq';
import { BrokenExecutorError, FutureTimeoutError } from '../errors/index.js';
import { notStarted, type Call, type Outcome } from '../executors/executor.js';
import { ThreadExecutor } from '../executors/thread.executor.js';
import { ConnectionWatch, persistent } from './connection-watch.js';
import type { ResolvedWorkerOptions } from './futures-worker.options.js';
import { INBOX_TTL, Inbox } from './inbox.js';
import type { JobCall, JobData } from './job-data.js';
import { JobReply } from './job-reply.js';
import { toMessage } from './outcome-message.js';
import { unpack } from './payload.js';
import { FleetKeys, RedisCommands } from './redis-commands.js';
import { TraceContext } from './trace-context.js';
import { within } from './within.js';

/** How often a call is run at most: workers may die under it. */
const MAX_RUNS = 3;
/** How long, in ms, leaving Redis may take. */
const CLOSE_TIMEOUT = 2_000;
/** How long, in ms, Redis may take to answer; longer than the longest read. */
const REDIS_TIMEOUT = 15_000;

/**
 * Takes jobs from the queue, runs their calls on threads, and sends the outcomes to those who wait.
 *
 * @internal
 */
export class FuturesWorker {
  readonly #options: ResolvedWorkerOptions;
  readonly #threads: ThreadExecutor;
  readonly #name = randomUUID();
  readonly #where = `${hostname()}/${process.pid}`;
  readonly #running = new Map<string, AbortController>();
  #trace: TraceContext | undefined;
  #worker: Worker<JobData> | undefined;
  #redis: RedisCommands | undefined;
  #watch: ConnectionWatch | undefined;
  #inbox: Inbox | undefined;
  #isGivenUp = false;

  constructor(options: ResolvedWorkerOptions) {
    this.#options = options;
    this.#threads = new ThreadExecutor(options.threads);
  }

  /** Resolves when jobs are taken. */
  async start(): Promise<void> {
    const { connection, queue, prefix, threads } = this.#options;
    this.#trace = await TraceContext.load();
    if (threads.min > 0) await this.#threads.start();
    const name = this.#name;
    const worker = this.#createWorker();
    this.#worker = worker;
    const redis = new RedisCommands(worker.getBackend().client, new FleetKeys(prefix, queue));
    this.#redis = redis;
    this.#inbox = new Inbox(
      name,
      redis,
      { connection, queue, prefix },
      {
        message: (jobId) => this.#running.get(jobId)?.abort(),
        touched: () => void redis.enlist(name, INBOX_TTL / 1_000).catch(() => {}),
      },
    );
    await this.#inbox.open();
    void worker.run();
  }

  /** Takes no more jobs, and lets those under way end, or gives them up after `shutdownTimeout`. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker !== undefined) {
      const drained = worker.pause();
      await within(this.#options.shutdownTimeout, drained).catch(() => (this.#isGivenUp = true));
      await ended(this.#redis?.discharge(this.#name));
      await ended(this.#inbox?.close());
      await ended(worker.close(this.#isGivenUp));
    }
    await this.#threads.close({ timeout: 0 });
  }

  #createWorker(): Worker<JobData> {
    const { connection, queue, prefix, concurrency, stalledAfter } = this.#options;
    const worker = new Worker<JobData>(
      queue,
      (job) => this.#process(job),
      {
        // By this name the queue knows who runs a job, and so whose inbox it is to be ended by.
        name: this.#name,
        connection: persistent(connection, REDIS_TIMEOUT),
        prefix,
        concurrency,
        autorun: false,
        lockDuration: stalledAfter,
        stalledInterval: stalledAfter / 2,
        // What becomes of a stalled job is decided call by call, when it is taken again.
        maxStalledCount: Number.MAX_SAFE_INTEGER,
        // By default, 15 s pass until a worker goes on when Redis is back.
        runRetryDelay: 1_000,
      },
      createRedisBackend,
    );
    const watch = new ConnectionWatch(`Worker of queue "${queue}"`, worker.getBackend());
    worker.on('error', (error) => watch.warn(error));
    this.#watch = watch;
    return worker;
  }

  async #process(job: Job<JobData>): Promise<void> {
    const { inbox, calls } = job.data;
    const id = job.id ?? '';
    const controller = new AbortController();
    this.#running.set(id, controller);
    const reply = new JobReply(calls.length, (outcomes) => {
      if (this.#isGivenUp || controller.signal.aborted) return;
      // Not waited for: on the same connection, the end of the job comes behind it.
      this.#redis
        ?.post(inbox, [JSON.stringify([id, outcomes])])
        .catch((error: Error) => this.#watch?.warn(error));
    });
    const waited = Math.max(0, (this.#inbox?.now() ?? 0) - job.data.queuedAt);
    const running = calls.map(async (wire, i) => {
      const outcome = await this.#run(wire, job, waited, controller.signal);
      reply.add(toMessage(i, outcome, wire[0], this.#options.maxSize));
    });
    await Promise.all(running);
    this.#running.delete(id);
  }

  async #run(
    wire: JobCall,
    job: Job<JobData>,
    waited: number,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const [task, , , , trace] = wire;
    let call: Call;
    try {
      call = this.#toCall(wire, job, waited);
    } catch (error) {
      return notStarted(error);
    }
    const run = () => this.#threads.run([call], { signal });
    const [outcome] = (await this.#trace?.continue(trace, run)) as [Outcome];
    return this.#locate(limited(outcome, job.data.queueTimeout, task));
  }

  /** @throws what the call fails with, if it cannot be run */
  #toCall(
    [taskId, timeout, isIdempotent, packedArgs]: JobCall,
    { data: { queueTimeout }, stalledCounter }: Job<JobData>,
    waited: number,
  ): Call {
    const task = this.#options.tasks.find(taskId, isIdempotent);
    checkRuns(taskId, isIdempotent, stalledCounter);
    if (queueTimeout !== undefined && waited >= queueTimeout) {
      throw new FutureTimeoutError('queue', queueTimeout, { task: taskId });
    }
    return {
      task,
      args: unpackArgs(taskId, packedArgs),
      key: undefined,
      timeout,
      queueTimeout: queueTimeout === undefined ? undefined : queueTimeout - waited,
      transferList: undefined,
    };
  }

  #locate(outcome: Outcome): Outcome {
    return { ...outcome, worker: `${this.#where} ${outcome.worker}`.trim() };
  }
}

async function ended(leaving: Promise<unknown> | undefined): Promise<void> {
  await within(CLOSE_TIMEOUT, Promise.allSettled([leaving])).catch(() => {});
}

/** @throws BrokenExecutorError if workers have died under the call, and it is not to be run again */
function checkRuns(task: string, isIdempotent: boolean, deaths: number): void {
  if (deaths === 0 || (isIdempotent && deaths < MAX_RUNS)) return;
  throw new BrokenExecutorError(
    isIdempotent
      ? `${deaths} workers have died under the task ${task}, or have lost Redis. See what in the task ends them.`
      : `The worker died under the task ${task}, or has lost Redis. ` +
          `See what in the task ends its worker; if it may be run twice, say so with taskFile(url, { idempotent: true }).`,
    { task },
  );
}

/** @throws BrokenExecutorError if they cannot be read */
function unpackArgs(task: string, packed: string): unknown[] {
  try {
    return unpack(packed) as unknown[];
  } catch (cause) {
    throw new BrokenExecutorError(
      `The worker cannot read the arguments of the task ${task}: ${(cause as Error).message}. ` +
        `Workers must not run an older version of Node than those who send them tasks.`,
      { task, cause },
    );
  }
}

/** The thread pool knows what is left of a time limit; the error names all of it. */
function limited(outcome: Outcome, queueTimeout: number | undefined, task: string): Outcome {
  const { value } = outcome;
  const isLate = value instanceof FutureTimeoutError && value.phase === 'queue';
  if (!isLate || queueTimeout === undefined) return outcome;
  return { ...outcome, value: new FutureTimeoutError('queue', queueTimeout, { task }) };
}
