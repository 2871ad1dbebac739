import { randomUUID } from 'node:crypto';
import { createRedisBackend } from 'bullmq';
import { ThreadExecutor } from '../executors/kit.js';
import { ConnectionWatch, endHandshake, isClient, persistent } from './connection-watch.js';
import { maxText } from './edge.js';
import type { ResolvedWorkerOptions } from './futures-worker.options.js';
import { GuardedWorker } from './guarded-worker.js';
import { Heartbeat } from './heartbeat.js';
import { Inbox } from './inbox.js';
import { JobRunner } from './job-runner.js';
import { LockRenewal } from './lock-renewal.js';
import { Outbox } from './outbox.js';
import { FleetKeys, RedisCommands } from './redis-commands.js';
import { TraceContext } from './trace-context.js';
import { within } from './within.js';

/** Time limit, in ms, of each step of leaving Redis. */
const CLOSE_TIMEOUT = 2_000;

/** How often, in ms, to try again while Redis refuses writes at startup. */
const START_EVERY = 1_000;

/** Everything a worker holds while it works. */
interface Work {
  readonly worker: GuardedWorker;
  readonly watch: ConnectionWatch;
  readonly redis: RedisCommands;
  readonly inbox: Inbox;
  readonly heartbeat: Heartbeat;
  readonly outbox: Outbox;
  readonly locks: LockRenewal;
  readonly runner: JobRunner;
}

/**
 * Takes jobs from the queue and runs them, from start() until close().
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

  /** Resolves when Redis can be reached and the worker takes jobs. */
  async start(): Promise<void> {
    const trace = await TraceContext.load();
    if (this.#options.threads.min > 0) await this.#threads.start();
    const work = this.#createWork(trace);
    this.#work = work;
    await work.inbox.open();
    await work.redis.ready;
    while (!(await work.heartbeat.now()) && this.#work === work) {
      await work.watch.whenUp(START_EVERY);
    }
    // The worker may have been closed meanwhile.
    if (this.#work === work) void work.worker.run();
  }

  /** Takes no more jobs, and lets running ones finish, or gives them up after `shutdownTimeout`. */
  async close(): Promise<void> {
    const work = this.#work;
    this.#work = undefined;
    if (work !== undefined) await this.#leave(work);
    await this.#threads.close({ timeout: 0 });
  }

  async #leave(work: Work): Promise<void> {
    const { worker, watch, redis, inbox, heartbeat, runner } = work;
    const isDrained = await isOver(worker.pause(), this.#options.shutdownTimeout);
    if (!isDrained) runner.giveUp();
    // Another beat would list this worker as alive again.
    heartbeat.stop();
    await isOver(redis.discharge(this.#name));
    watch.end();
    await isOver(inbox.close());
    await isOver(worker.close(!isDrained));
    work.locks.close();
    work.outbox.close();
  }

  #createWork(trace: TraceContext): Work {
    const { connection, queue, prefix, tasks, maxSize, seal, stalledAfter } = this.#options;
    const worker = this.#createWorker((job, lock) => runner.run(job, lock));
    const backend = worker.getBackend();
    const beat = () => void heartbeat.now();
    const watch = new ConnectionWatch(`Worker of queue "${queue}"`, backend, beat);
    worker.on('error', (error) => watch.warn(error));
    const redis = new RedisCommands(backend.client, new FleetKeys(prefix, queue));
    const hooks = {
      message: (message: string) => runner.obey(message),
      lost: () => runner.confirm(),
    };
    const inbox = new Inbox(this.#name, redis, { connection, queue, prefix }, hooks, true);
    // The app's own client is not ours to reconnect.
    const own = isClient(connection) ? undefined : backend.client;
    const clients = [own, backend.blockingClient, inbox.client];
    for (const each of clients) if (each !== undefined) endHandshake(each);
    const heartbeat = new Heartbeat(backend.client, clients, watch, () => inbox.beat());
    const outbox = new Outbox(redis, watch);
    const locks = new LockRenewal(worker, watch, stalledAfter);
    const runner = new JobRunner({
      tasks,
      maxSize,
      seal,
      threads: this.#threads,
      trace,
      outbox,
      locks,
      watch,
      inbox,
    });
    return { worker, watch, redis, inbox, heartbeat, outbox, locks, runner };
  }

  #createWorker(run: JobRunner['run']): GuardedWorker {
    const { connection, queue, prefix, concurrency, stalledAfter, maxSize } = this.#options;
    const options = {
      // Identifies this worker, so that its jobs can be stopped through its inbox.
      name: this.#name,
      connection: persistent(connection),
      prefix,
      concurrency,
      autorun: false,
      lockDuration: stalledAfter,
      skipLockRenewal: true,
      stalledInterval: stalledAfter / 2,
      // When a stalled job is taken again, each of its calls is run or failed on its own.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      // By default, BullMQ waits 15 s before it resumes after an outage.
      runRetryDelay: 1_000,
    };
    const worker = new GuardedWorker(queue, run, options, createRedisBackend);
    worker.maxData = maxText(maxSize);
    return worker;
  }
}

/** Whether the promise settles in time, fulfilled or rejected. */
async function isOver(ending: Promise<unknown>, timeout = CLOSE_TIMEOUT): Promise<boolean> {
  return within(timeout, Promise.allSettled([ending])).then(
    () => true,
    () => false,
  );
}
