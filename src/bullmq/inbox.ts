import type { ConnectionOptions } from 'bullmq';
import { createRedisBackend } from 'bullmq';
import { ConnectionWatch, endHandshake, persistent, reconnect } from './connection-watch.js';
import { RedisClock } from './redis-clock.js';
import type { Beat, JobState, RedisCommands } from './redis-commands.js';

/** How long, in ms, one read waits for messages. */
const BLOCK = 5_000;
/** How long, in ms, it may take: then the other end is gone without a word. */
const MAX_READ = BLOCK + 2_000;
/** How long, in ms, a message may be in the inbox without being read, though nothing else is. */
const MAX_UNREAD = 3_000;
/** How long, in ms, what was read may stay in Redis. */
const TRIM_AFTER = 50;
/** Messages of one read. */
const MAX_MESSAGES = 1_000;
/** How long, in ms, to wait after a read that failed. */
const RETRY_AFTER = 100;

type Entries = [stream: string, entries: [id: string, fields: string[]][]][] | null;

/** What becomes of what is in an inbox. */
export interface InboxHooks {
  /** Takes a message. What it throws is logged. */
  readonly message: (message: string) => void;
  /** Called when the inbox had to be made again: Redis has lost its data. */
  readonly lost?: () => void;
}

/**
 * A stream of messages for this process: the answers of workers, or the orders of those who wait
 * for them. One connection reads it, and what was read is dropped. If the process dies, the stream
 * expires, and nobody writes to it any more.
 *
 * @internal
 */
export class Inbox {
  readonly watch: ConnectionWatch;
  /** Redis's clock, by which machines tell each other how long something has waited. */
  readonly clock = new RedisClock();
  /** When Redis was last found to have lost its data, by `performance.now()`. */
  lostAt = -Infinity;
  /** Workers alive, as of the last beat. */
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

  /** The connection that reads it. */
  get client() {
    return this.#backend.client;
  }

  /** Reads it from now on; resolves when there is a connection. */
  async open(): Promise<void> {
    await this.client;
    if (!this.#closing) this.#reading ??= this.#read();
  }

  /**
   * Keeps it alive, or makes it again; resolves to where jobs are, and whether all messages that were
   * there at that moment have been read.
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
    // The read under way ends with its connection; while that is lost, it would never end.
    const { isUp } = this.watch;
    await this.#backend.close(true);
    if (isUp) await this.#reading;
  }

  #made(): void {
    // Ids begin anew with the stream.
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

  /** The connection that reads may be of no use though the other one is: to another server, say. */
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
      // It costs no other message its reader.
      this.watch.warn(error);
    }
  }

  #trimLater(): void {
    this.#trimTimer ??= setTimeout(() => {
      this.#trimTimer = undefined;
      const [ms, n] = this.#position.split('-');
      // The next one trims what this one has not.
      this.#redis.trim(this.name, `${ms}-${Number(n) + 1}`).catch(() => {});
    }, TRIM_AFTER);
  }
}
