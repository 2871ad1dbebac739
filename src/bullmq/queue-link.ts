import { Queue, createRedisBackend, type JobsOptions } from 'bullmq';
import { ConnectionWatch, failingFast, isClient } from './connection-watch.js';
import type { ResolvedBullmqOptions } from './bullmq.options.js';
import { Inbox } from './inbox.js';
import type { JobData } from './job-data.js';
import { FleetKeys, RedisCommands } from './redis-commands.js';
import { within } from './within.js';

/** Nothing of a job stays: its outcome goes to the inbox, and it is never tried again by BullMQ. */
const JOB_OPTIONS: JobsOptions = { removeOnComplete: true, removeOnFail: true, attempts: 1 };
/** How long, in ms, leaving Redis may take. */
const CLOSE_TIMEOUT = 2_000;
/** How often, in ms, a Redis that did not answer is asked again. */
const PROBE_EVERY = 500;
/** What BullMQ keeps of its events: this module reads none, a dashboard may. */
const MAX_EVENTS = 1_000;

/**
 * This process's two connections to the queue: one that sends, one that reads the inbox.
 *
 * @internal
 */
export class QueueLink {
  readonly redis: RedisCommands;
  readonly inbox: Inbox;
  readonly #queue: Queue<JobData>;
  readonly #watch: ConnectionWatch;
  readonly #madeAt = performance.now();
  /** Whether the connection is a client that somebody else has made. */
  readonly #isOfOwner: boolean;
  #isOpen = false;
  #isClosed = false;

  constructor(options: ResolvedBullmqOptions, name: string, onMessage: (message: string) => void) {
    const { connection, queue, prefix, redisTimeout } = options;
    this.#isOfOwner = isClient(connection);
    this.#queue = new Queue<JobData>(
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
    // The queue passes on that the connection is lost, but not that it is back.
    this.#watch = new ConnectionWatch(`Queue "${queue}"`, backend);
    this.#queue.on('error', () => {});
    this.redis = new RedisCommands(backend.client, new FleetKeys(prefix, queue));
    this.inbox = new Inbox(name, this.redis, options, { message: onMessage });
    backend.on('ready', () => this.inbox.keepAlive());
  }

  /** Resolves when jobs can be added, and their outcomes come in. */
  async open(): Promise<void> {
    await this.inbox.open();
    this.#isOpen = true;
  }

  /** When one of the connections was lost, by `performance.now()`; undefined: both work. */
  get downSince(): number | undefined {
    return this.#isOpen ? (this.#watch.downSince ?? this.inbox.watch.downSince) : this.#madeAt;
  }

  /** Waits for lost connections to come back, no longer than until `timeout` ms after they were lost. */
  async whenUp(timeout: number): Promise<boolean> {
    const { downSince } = this;
    if (downSince === undefined) return true;
    const left = Math.max(0, downSince + timeout - performance.now());
    const up = await Promise.all([this.#watch.whenUp(left), this.inbox.watch.whenUp(left)]);
    return up.every(Boolean);
  }

  /** Redis has not answered, though the connection is there: it counts as lost until Redis does. */
  async suspect(): Promise<void> {
    if (!this.#isOpen || !this.#watch.isUp) return;
    this.#watch.lost();
    // The other end may have gone without a word. What was sent is sent again.
    if (!this.#isOfOwner) (await this.#queue.getBackend().client).disconnect(true);
    while (!this.#watch.isUp && !this.#isClosed) {
      try {
        await this.redis.count();
        this.#watch.back();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY).unref());
      }
    }
  }

  async add(jobs: readonly { readonly id: string; readonly data: JobData }[]): Promise<void> {
    await this.#queue.addBulk(
      jobs.map(({ id, data }) => ({ name: nameOf(data), data, opts: { jobId: id } })),
    );
  }

  /** Removes jobs that no worker has taken; resolves to the ids of those that one has. */
  async remove(jobIds: readonly string[]): Promise<string[]> {
    const removed = await Promise.all(jobIds.map((id) => this.#queue.remove(id)));
    return jobIds.filter((_, i) => removed[i] === 0);
  }

  /** Leaves nothing of this process in Redis, if Redis can be reached. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const isUp = this.downSince === undefined;
    this.#watch.end();
    const discharged = isUp ? this.redis.discharge(this.inbox.name) : undefined;
    await ended(Promise.allSettled([discharged]));
    // A connection that is lost cannot say goodbye.
    const closed = isUp ? this.#queue.close() : this.#queue.getBackend().close(true);
    await ended(Promise.allSettled([this.inbox.close(), closed]));
  }
}

async function ended(leaving: Promise<unknown>): Promise<void> {
  await within(CLOSE_TIMEOUT, leaving).catch(() => {});
}

/** What dashboards show. */
function nameOf({ calls }: JobData): string {
  const [first] = calls;
  return calls.length === 1 ? (first?.[0] ?? '') : `${first?.[0]} and ${calls.length - 1} more`;
}
