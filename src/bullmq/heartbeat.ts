import type { RedisClient } from 'bullmq';
import { isLive, reconnect, type ConnectionWatch } from './connection-watch.js';
import { messageOf } from './log-text.js';
import { NoAnswer, within } from './within.js';

/** Pause between beats, in ms: while Redis takes writes, and while it doesn't. */
const EVERY = 2_000;
const RETRY_EVERY = 1_000;
/** How long, in ms, a beat may take. */
const TIMEOUT = 2_000;
/** How long, in ms, Redis may take to answer a client's first command on a new connection. */
const HANDSHAKE_TIMEOUT = 3_000;

/**
 * Writes to Redis every 2 s. An open connection may still be useless: the other end has vanished
 * without closing it, has become a replica, or its memory is full. The connection then counts as
 * lost until a write succeeds, and is made again where that may help.
 *
 * @internal
 */
export class Heartbeat {
  readonly #clients: readonly Promise<RedisClient>[];
  readonly #watch: ConnectionWatch;
  readonly #beat: () => Promise<unknown>;
  /** Undefined until the first connection. */
  #client: RedisClient | undefined;
  /** When clients began to wait for the first answer on a connection, by `performance.now()`. */
  readonly #greetedAt = new Map<RedisClient, number>();
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<boolean> | undefined;
  #isStopped = false;

  /**
   * @param client the client that writes
   * @param clients the clients that may be reconnected
   * @param beat writes to Redis
   */
  constructor(
    client: Promise<RedisClient>,
    clients: readonly (Promise<RedisClient> | undefined)[],
    watch: ConnectionWatch,
    beat: () => Promise<unknown>,
  ) {
    client.then((made) => (this.#client = made)).catch(() => {});
    this.#clients = clients.filter((each) => each !== undefined);
    this.#watch = watch;
    this.#beat = beat;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Resolves to whether Redis takes writes; false before the first connection. */
  async now(): Promise<boolean> {
    if (this.#client === undefined || this.#isStopped) return false;
    this.#beating ??= this.#beatOnce().finally(() => (this.#beating = undefined));
    return this.#beating;
  }

  /** Call it when a command has failed: Redis counts as lost until a write succeeds. */
  suspect(error: unknown): void {
    if (this.#isStopped || !this.#watch.isUp) return;
    this.#fail(error);
    this.#schedule();
  }

  async #beatOnce(): Promise<boolean> {
    this.#eachClient((each) => this.#endSilentHandshake(each));
    try {
      await within(TIMEOUT, this.#write());
      this.#watch.back();
    } catch (error) {
      this.#fail(error);
    }
    this.#schedule();
    return this.#watch.isUp;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    const pause = this.#watch.isUp ? EVERY : RETRY_EVERY;
    this.#timer = setTimeout(() => void this.now(), pause).unref();
  }

  async #write(): Promise<void> {
    // Without a connection, the client may keep the write for later instead of failing.
    if (!this.#isConnected) throw new NotConnected();
    await this.#beat();
  }

  get #isConnected(): boolean {
    return this.#client !== undefined && isLive(this.#client);
  }

  /** Clients connect, and then wait without a limit for Redis's first answer. */
  #endSilentHandshake(client: RedisClient): void {
    if (client.status !== 'connect' || client.isCluster) {
      this.#greetedAt.delete(client);
      return;
    }
    const now = performance.now();
    const since = this.#greetedAt.get(client) ?? now;
    this.#greetedAt.set(client, since);
    if (now - since < HANDSHAKE_TIMEOUT) return;
    this.#greetedAt.delete(client);
    client.disconnect(true);
  }

  /** Clients that are not connected yet follow when they are. */
  #eachClient(act: (client: RedisClient) => void): void {
    for (const client of this.#clients) client.then(act).catch(() => {});
  }

  #fail(error: unknown): void {
    if (error instanceof NotConnected) return this.#watch.lost();
    if (error instanceof NoAnswer) {
      this.#watch.lost('Redis does not answer.');
      return this.#eachClient(reconnect);
    }
    const text = messageOf(error);
    // The connection was lost in the meantime: that is the reason, whatever this error says.
    if (!this.#isConnected) return this.#watch.lost();
    this.#watch.lost(text);
    // After a failover, the server's name may point to another machine.
    if (text.startsWith('READONLY')) this.#eachClient(reconnect);
  }
}

class NotConnected extends Error {}
