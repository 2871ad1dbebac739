import { Queue, createRedisBackend, type JobsOptions } from 'bullmq';
import { ConnectionWatch, failingFast, isClient } from './connection-watch.js';
import type { ResolvedBullmqOptions } from './bullmq.options.js';
import type { Priority } from '../index.js';
import { Heartbeat } from './heartbeat.js';
import { Inbox } from './inbox.js';
import type { StoredJob } from './job-data.js';
import { FleetKeys, RedisCommands } from './redis-commands.js';
import { within } from './within.js';

/** BullMQ keeps no ended job and retries none: outcomes go to the inbox. */
export const JOB_OPTIONS: JobsOptions = {
  removeOnComplete: true,
  removeOnFail: true,
  attempts: 1,
};
/** Time limit, in ms, of each step of leaving Redis. */
const CLOSE_TIMEOUT = 2_000;
/** How often, in ms, to try again while Redis refuses writes. */
const OPEN_EVERY = 1_000;
/** Number of BullMQ's events to keep. This module reads none of them, but a dashboard may. */
const MAX_EVENTS = 1_000;

/** A job to add to the queue. */
export interface NewJob {
  readonly id: string;
  /** Shown by dashboards. */
  readonly name: string;
  readonly data: StoredJob;
  readonly priority: Priority;
}

/**
 * BullMQ takes jobs without a priority first. Most jobs have none, as they always had: dashboards
 * and autoscalers count them.
 */
const PRIORITIES: Readonly<Record<Priority, JobsOptions>> = {
  high: { lifo: true },
  normal: {},
  low: { priority: 1 },
};

/**
 * This process's two connections to the queue: one that sends, and one that reads the inbox.
 *
 * @internal
 */
export class QueueLink {
  readonly redis: RedisCommands;
  readonly inbox: Inbox;
  readonly #queue: Queue<StoredJob>;
  /** Watches the sending connection, which works if Redis takes writes. */
  readonly #watch: ConnectionWatch;
  readonly #heartbeat: Heartbeat;
  readonly #madeAt = performance.now();
  #isOpen = false;
  #isClosed = false;

  constructor(options: ResolvedBullmqOptions, name: string, onMessage: (message: string) => void) {
    const { connection, queue, prefix, redisTimeout } = options;
    this.#queue = new Queue<StoredJob>(
      queue,
      {
        connection: failingFast(connection, redisTimeout),
        prefix,
        defaultJobOptions: JOB_OPTIONS,
        streams: { events: { maxLen: MAX_EVENTS } },
      },
      createRedisBackend,
    );
    const backend = this.#queue.getBackend();
    // The queue reports that the connection is lost, but not that it is back.
    const beat = () => void this.#heartbeat.now();
    this.#watch = new ConnectionWatch(`Queue "${queue}"`, backend, beat);
    this.#queue.on('error', () => {});
    this.redis = new RedisCommands(backend.client, new FleetKeys(prefix, queue));
    this.inbox = new Inbox(name, this.redis, options, { message: onMessage }, false);
    // The app's own client is not ours to reconnect.
    const own = isClient(connection) ? undefined : backend.client;
    const clients = [own, this.inbox.client];
    this.#heartbeat = new Heartbeat(backend.client, clients, this.#watch, () => this.inbox.beat());
  }

  /** Resolves when jobs can be added and their outcomes can arrive. */
  async open(): Promise<void> {
    await this.inbox.open();
    await this.redis.ready;
    // Redis may be reachable but refuse writes for now.
    while (!(await this.#heartbeat.now()) && !this.#isClosed) {
      await this.#watch.whenUp(OPEN_EVERY);
    }
    this.#isOpen = true;
  }

  /** When one of the connections was lost, by `performance.now()`; undefined: both work. */
  get downSince(): number | undefined {
    return this.#isOpen ? (this.#watch.downSince ?? this.inbox.watch.downSince) : this.#madeAt;
  }

  /** Why a connection doesn't work. */
  get reason(): string {
    return this.#watch.isUp ? this.inbox.watch.reason : this.#watch.reason;
  }

  /** Waits until lost connections are back, at most until `timeout` ms after they were lost. */
  async whenUp(timeout: number): Promise<boolean> {
    const { downSince } = this;
    if (downSince === undefined) return true;
    const left = Math.max(0, downSince + timeout - performance.now());
    const up = await Promise.all([this.#watch.whenUp(left), this.inbox.watch.whenUp(left)]);
    return up.every(Boolean);
  }

  /** Call it when a command has failed: Redis counts as lost until a write succeeds. */
  suspect(error: unknown): void {
    if (this.#isOpen) this.#heartbeat.suspect(error);
  }

  /** Logs a problem, unless one of its kind was logged in the last 30 s. */
  warnOf(problem: string, kind: string): void {
    this.#watch.warnOf(problem, kind);
  }

  async add(jobs: readonly NewJob[]): Promise<void> {
    await this.#queue.addBulk(
      jobs.map(({ id, name, data, priority }) => ({
        name,
        data,
        opts: { jobId: id, ...PRIORITIES[priority] },
      })),
    );
  }

  /** Removes everything of this process from Redis, if Redis can be reached. */
  async close(): Promise<void> {
    const isUp = this.downSince === undefined;
    this.#isClosed = true;
    this.#heartbeat.stop();
    this.#watch.end();
    const discharged = isUp ? this.redis.discharge(this.inbox.name) : undefined;
    await ended(Promise.allSettled([discharged]));
    // A lost connection can't be closed gracefully.
    const closed = isUp ? this.#queue.close() : this.#queue.getBackend().close(true);
    await ended(Promise.allSettled([this.inbox.close(), closed]));
  }
}

async function ended(leaving: Promise<unknown>): Promise<void> {
  await within(CLOSE_TIMEOUT, leaving).catch(() => {});
}
