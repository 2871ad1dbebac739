import type { ConnectionOptions } from 'bullmq';
import { createRedisBackend } from 'bullmq';
import { ConnectionWatch, endHandshake, persistent, reconnect } from './connection-watch.js';
import { RedisClock } from './redis-clock.js';
import type { Beat, JobState, RedisCommands } from './redis-commands.js';

/** How long, in ms, one read waits for messages. */
const BLOCK = 5_000;
/** How long, in ms, a read may take; after that, the other end has vanished without closing. */
const MAX_READ = BLOCK + 2_000;
/** How long, in ms, a message may wait in the inbox while the reader makes no progress. */
const MAX_UNREAD = 3_000;
/** How long, in ms, messages may stay in Redis after they were read. */
const TRIM_AFTER = 50;
/** Maximum number of messages in one read. */
const MAX_MESSAGES = 1_000;
/** How long, in ms, to wait after a failed read. */
const RETRY_AFTER = 100;

type Entries = [stream: string, entries: [id: string, fields: string[]][]][] | null;

/** What to do with the messages of an inbox, and when the inbox is lost. */
export interface InboxHooks {
  /** Takes a message. If it throws, the error is logged. */
  readonly message: (message: string) => void;
  /** Called when the inbox had to be created again because Redis lost its data. */
  readonly lost?: () => void;
}

/**
 * A stream of messages for this process: replies from workers, or, in a worker, orders from the
 * processes that wait for its jobs. One connection reads it, and messages are dropped once they are
 * read. If this process dies, the stream expires, and nobody writes to it any more.
 *
 * @internal
 */
export class Inbox {
  readonly watch: ConnectionWatch;
  /** Redis's clock: all machines use it to measure how long a job has waited. */
  readonly clock = new RedisClock();
  /** When Redis was last found to have lost its data, by `performance.now()`. */
  lostAt = -Infinity;
  /** Live workers, as of the last beat. */
  workers = 0;
  readonly #backend: ReturnType<typeof createRedisBackend>;
  readonly #redis: RedisCommands;
  readonly #hooks: InboxHooks;
  readonly #isOfWorker: boolean;
  #position = '0-0';
  #isMade = false;
  #unread = { position: '', since: 0 };
  #trimTimer: NodeJS.Timeout | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #closing = false;

  /** @param isOfWorker whether its owner is a worker, which counts as alive while it beats */
  constructor(
    readonly name: string,
    redis: RedisCommands,
    options: { connection: ConnectionOptions; queue: string; prefix: string },
    hooks: InboxHooks,
    isOfWorker: boolean,
  ) {
    this.#redis = redis;
    this.#hooks = hooks;
    this.#isOfWorker = isOfWorker;
    const connection = persistent(options.connection);
    const backendOptions = { connection, prefix: options.prefix };
    this.#backend = createRedisBackend(options.queue, backendOptions, { blocking: true });
    endHandshake(this.#backend.client);
    this.watch = new ConnectionWatch(`Queue "${options.queue}", messages`, this.#backend);
  }

  /** The connection that reads the inbox. */
  get client() {
    return this.#backend.client;
  }

  /** Starts reading; resolves when there is a connection. */
  async open(): Promise<void> {
    await this.client;
    if (!this.#closing) this.#reading ??= this.#read();
  }

  /**
   * Keeps the inbox alive, or creates it again. Resolves to the states of the jobs, and to whether
   * all messages that were in the inbox at that moment have been read.
   */
  async beat(
    jobIds: readonly string[] = [],
  ): Promise<{ states: readonly JobState[]; isRead: boolean }> {
    const asked = performance.now();
    const beat = await this.#redis.beat(this.name, this.#isOfWorker, jobIds);
    this.clock.sample(beat.now, asked, performance.now());
    this.workers = beat.workers;
    if (beat.isNew) this.#made();
    const isRead = this.#hasRead(beat.last);
    this.#checkReader(beat, isRead);
    return { states: beat.states, isRead };
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.watch.end();
    clearTimeout(this.#trimTimer);
    clearInterval(this.#watchdog);
    // The pending read ends with its connection; if that is lost, the read would never end.
    const { isUp } = this.watch;
    await this.#backend.close(true);
    if (isUp) await this.#reading;
  }

  #made(): void {
    // A new stream starts its ids from the beginning.
    this.#position = '0-0';
    if (this.#isMade) {
      this.lostAt = performance.now();
      this.#hooks.lost?.();
    }
    this.#isMade = true;
  }

  #hasRead(id: string): boolean {
    const [ms = 0, n = 0] = id.split('-').map(Number);
    const [readMs = 0, readN = 0] = this.#position.split('-').map(Number);
    return readMs > ms || (readMs === ms && readN >= n);
  }

  /** The reading connection may fail on its own, for example if it leads to another server. */
  #checkReader({ isNew }: Beat, isRead: boolean): void {
    const now = performance.now();
    if (isNew || isRead || this.#unread.position !== this.#position) {
      this.#unread = { position: this.#position, since: now };
    } else if (now - this.#unread.since >= MAX_UNREAD) {
      this.#unread.since = now;
      this.client.then(reconnect).catch(() => {});
    }
  }

  async #read(): Promise<void> {
    const client = await this.client;
    const key = this.#redis.keys.inboxes + this.name;
    while (!this.#closing) {
      const streams = [{ key, id: this.#position }];
      this.#watchdog = setInterval(() => reconnect(client), MAX_READ);
      try {
        const read = (await client.xread(streams, { BLOCK, COUNT: MAX_MESSAGES })) as Entries;
        for (const [id, [, message = '']] of read?.[0]?.[1] ?? []) this.#take(id, message);
        if (read !== null) this.#trimLater();
      } catch (error) {
        if (this.#closing) return;
        this.watch.warn(error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER));
      } finally {
        clearInterval(this.#watchdog);
      }
    }
  }

  #take(id: string, message: string): void {
    this.#position = id;
    try {
      this.#hooks.message(message);
    } catch (error) {
      // An error must not stop the reader: other messages follow.
      this.watch.warn(error);
    }
  }

  #trimLater(): void {
    this.#trimTimer ??= setTimeout(() => {
      this.#trimTimer = undefined;
      const [ms, n] = this.#position.split('-');
      // If this fails, the next trim drops these messages too.
      this.#redis.trim(this.name, `${ms}-${Number(n) + 1}`).catch(() => {});
    }, TRIM_AFTER);
  }
}
