import type { ConnectionOptions } from 'bullmq';
import { createRedisBackend } from 'bullmq';
import { ConnectionWatch, persistent } from './connection-watch.js';
import type { RedisCommands } from './redis-commands.js';

/** How long, in ms, an inbox stays in Redis when its owner has died. */
export const INBOX_TTL = 30_000;
/** How long, in ms, one read waits for messages. */
const BLOCK = 5_000;
/** How long, in ms, it may take: then the other end is gone without a word. */
const MAX_READ = BLOCK + 5_000;
/** How long, in ms, what was read may stay in Redis. */
const TRIM_AFTER = 50;
/** Messages of one read. */
const MAX_MESSAGES = 1_000;
/** How long, in ms, to wait after a read that failed. */
const RETRY_AFTER = 100;

type Entries = [stream: string, entries: [id: string, fields: string[]][]][] | null;

/**
 * A stream of messages for this process: the answers of workers, or the orders of those who wait
 * for them. One connection reads it, and what was read is dropped. If the process dies, the stream
 * expires, and nobody writes to it any more.
 *
 * @internal
 */
export class Inbox {
  readonly watch: ConnectionWatch;
  readonly #backend: ReturnType<typeof createRedisBackend>;
  readonly #redis: RedisCommands;
  readonly #onMessage: (message: string) => void;
  readonly #onTouch: () => void;
  #position = '0-0';
  /** Redis's clock less this machine's, in ms. */
  #clockOffset = 0;
  #trimTimer: NodeJS.Timeout | undefined;
  #touchTimer: NodeJS.Timeout | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #closing = false;

  constructor(
    readonly name: string,
    redis: RedisCommands,
    options: { connection: ConnectionOptions; queue: string; prefix: string },
    hooks: {
      message: (message: string) => void;
      /** Called each time the inbox is kept alive. */
      touched?: () => void;
    },
  ) {
    this.#redis = redis;
    this.#onMessage = hooks.message;
    this.#onTouch = hooks.touched ?? (() => {});
    const connection = persistent(options.connection);
    const backendOptions = { connection, prefix: options.prefix };
    this.#backend = createRedisBackend(options.queue, backendOptions, { blocking: true });
    this.watch = new ConnectionWatch(`Queue "${options.queue}", messages`, this.#backend);
  }

  get key(): string {
    return this.#redis.keys.inboxes + this.name;
  }

  /** Epoch time in ms by Redis's clock, which all machines share. */
  now(): number {
    return Date.now() + this.#clockOffset;
  }

  /** Resolves when the inbox is there, and read. */
  async open(): Promise<void> {
    await Promise.all([this.#touch(), this.#backend.client]);
    if (this.#closing) return;
    this.#touchTimer = setInterval(() => this.keepAlive(), INBOX_TTL / 3);
    this.#reading = this.#read();
  }

  /** To be called when the connection that sends is back: Redis may have lost the inbox. */
  keepAlive(): void {
    // While Redis is away; when it is back, this is called again.
    this.#touch().catch(() => {});
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.watch.end();
    clearInterval(this.#touchTimer);
    clearTimeout(this.#trimTimer);
    clearTimeout(this.#watchdog);
    // The read under way ends with its connection; while that is lost, it would never end.
    const { isUp } = this.watch;
    await this.#backend.close(true);
    if (isUp) await this.#reading;
  }

  /** Whether all messages up to this one were read. */
  hasRead(id: string): boolean {
    const [ms = 0, n = 0] = id.split('-').map(Number);
    const [readMs = 0, readN = 0] = this.#position.split('-').map(Number);
    return readMs > ms || (readMs === ms && readN >= n);
  }

  async #read(): Promise<void> {
    const client = await this.#backend.client;
    while (!this.#closing) {
      const streams = [{ key: this.key, id: this.#position }];
      this.#watchdog = setTimeout(() => {
        if (this.watch.isUp) client.disconnect(true);
      }, MAX_READ);
      try {
        const read = (await client.xread(streams, { BLOCK, COUNT: MAX_MESSAGES })) as Entries;
        for (const [id, [, message = '']] of read?.[0]?.[1] ?? []) {
          this.#position = id;
          this.#onMessage(message);
        }
        if (read !== null) this.#trimLater();
      } catch (error) {
        if (this.#closing) return;
        this.watch.warn(error as Error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER));
      } finally {
        clearTimeout(this.#watchdog);
      }
    }
  }

  #trimLater(): void {
    this.#trimTimer ??= setTimeout(() => {
      this.#trimTimer = undefined;
      const [ms, n] = this.#position.split('-');
      // The next one trims what this one has not.
      this.#redis.trim(this.key, `${ms}-${Number(n) + 1}`).catch(() => {});
    }, TRIM_AFTER);
  }

  async #touch(): Promise<void> {
    const asked = Date.now();
    const { isNew, now } = await this.#redis.touch(this.key, INBOX_TTL);
    this.#clockOffset = now - (asked + Date.now()) / 2;
    // Ids begin anew with the stream.
    if (isNew) this.#position = '0-0';
    this.#onTouch();
  }
}
