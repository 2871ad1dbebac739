import type { RedisClient } from 'bullmq';
import { isLive, reconnect, type ConnectionWatch } from './connection-watch.js';
import { messageOf } from './log-text.js';
import { NoAnswer, within } from './within.js';

/** How often, in ms, Redis must prove that it takes writes: while it does, and while it does not. */
const EVERY = 2_000;
const RETRY_EVERY = 1_000;
/** How long, in ms, a beat may take. */
const TIMEOUT = 2_000;

/**
 * Writes to Redis every 2 s. A connection may be there and yet be worth nothing: the other end has
 * gone without a word, or has become a replica, or its memory is full. Then it counts as lost until a
 * write succeeds, and is made anew where that may help.
 *
 * @internal
 */
export class Heartbeat {
  /** Undefined until it was connected for the first time. */
  #client: RedisClient | undefined;
  readonly #watch: ConnectionWatch;
  readonly #beat: () => Promise<unknown>;
  readonly #renew: () => void;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<boolean> | undefined;
  #isStopped = false;

  /**
   * @param client what writes
   * @param beat writes
   * @param renew makes the connections anew
   */
  constructor(
    client: Promise<RedisClient>,
    watch: ConnectionWatch,
    beat: () => Promise<unknown>,
    renew: () => void,
  ) {
    client.then((made) => (this.#client = made)).catch(() => {});
    this.#watch = watch;
    this.#beat = beat;
    this.#renew = renew;
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

  #fail(error: unknown): void {
    if (error instanceof NotConnected) return this.#watch.lost();
    if (error instanceof NoAnswer) {
      this.#watch.lost('Redis does not answer.');
      return this.#renew();
    }
    const text = messageOf(error);
    // That of a connection which was lost meanwhile says nothing more.
    if (!this.#isConnected) return this.#watch.lost();
    this.#watch.lost(text);
    // The name of the server may belong to another one by now: a failover.
    if (text.startsWith('READONLY')) this.#renew();
  }
}

class NotConnected extends Error {}

/** Makes connections anew, as soon as they were made at all. @internal */
export function renewAll(clients: readonly (Promise<RedisClient> | undefined)[]): void {
  for (const client of clients) client?.then(reconnect).catch(() => {});
}
