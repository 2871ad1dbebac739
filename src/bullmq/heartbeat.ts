import type { RedisClient } from 'bullmq';
import { isLive, reconnect, type ConnectionWatch } from './connection-watch.js';
import { messageOf } from './log-text.js';
import { NoAnswer, within } from './within.js';

/** How often, in ms, Redis must prove that it takes writes: while it does, and while it does not. */
const EVERY = 2_000;
const RETRY_EVERY = 1_000;
/** How long, in ms, a beat may take. */
const TIMEOUT = 2_000;
/** How long, in ms, Redis may take to answer what a client says first on a new connection. */
const HANDSHAKE_TIMEOUT = 3_000;

/**
 * Writes to Redis every 2 s. A connection may be there and yet be worth nothing: the other end has
 * gone without a word, or has become a replica, or its memory is full. Then it counts as lost until a
 * write succeeds, and is made anew where that may help.
 *
 * @internal
 */
export class Heartbeat {
  readonly #clients: readonly Promise<RedisClient>[];
  readonly #watch: ConnectionWatch;
  readonly #beat: () => Promise<unknown>;
  /** Undefined until it was connected for the first time. */
  #client: RedisClient | undefined;
  /** Since when clients have waited for the first answer on a connection, by `performance.now()`. */
  readonly #greetedAt = new Map<RedisClient, number>();
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<boolean> | undefined;
  #isStopped = false;

  /**
   * @param client what writes
   * @param clients whose connections may be made anew
   * @param beat writes
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

  /** Resolves to whether Redis takes writes; false before it was connected for the first time. */
  async now(): Promise<boolean> {
    if (this.#client === undefined || this.#isStopped) return false;
    this.#beating ??= this.#beatOnce().finally(() => (this.#beating = undefined));
    return this.#beating;
  }

  /** To be called when Redis has not done what it was asked; it counts as lost until it does. */
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
    // What is written while there is no connection may be kept for later.
    if (!this.#isConnected) throw new NotConnected();
    await this.#beat();
  }

  get #isConnected(): boolean {
    return this.#client !== undefined && isLive(this.#client);
  }

  /** Clients connect, and then wait without limit for what Redis says first. */
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

  /** As soon as they were made at all. */
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
    // The connection was lost in the meantime: whatever this error says, that is the reason.
    if (!this.#isConnected) return this.#watch.lost();
    this.#watch.lost(text);
    // The name of the server may belong to another one by now: a failover.
    if (text.startsWith('READONLY')) this.#eachClient(reconnect);
  }
}

class NotConnected extends Error {}
