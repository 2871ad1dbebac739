import type { ConnectionWatch } from './connection-watch.js';
import type { RedisCommands } from './redis-commands.js';

/** How long, in ms, to keep a message that Redis refuses: as long as an inbox is kept. */
const REFUSED_FOR = 30_000;
/** The same if the inbox is missing: its owner is gone, or is about to create it again. */
const MISSING_FOR = 6_000;
/** How often, in ms, to try a message again. */
const RETRY_EVERY = 250;
/** Maximum length, in characters, of all kept messages together. */
const MAX_KEPT = 64_000_000;

/**
 * Sends a worker's messages to the processes that wait for its jobs. A message that fails is kept
 * and retried for some seconds: Redis may refuse writes for a while, or have lost the inbox.
 *
 * @internal
 */
export class Outbox {
  readonly #redis: RedisCommands;
  readonly #watch: ConnectionWatch;
  #kept = 0;
  #isClosed = false;

  constructor(redis: RedisCommands, watch: ConnectionWatch) {
    this.#redis = redis;
    this.#watch = watch;
  }

  /**
   * @param inbox name of its owner
   * @param isWanted asked before each retry
   */
  send(inbox: string, message: string, isWanted: () => boolean = () => true): void {
    void this.#post(inbox, message, isWanted);
  }

  /** Drops the messages that are kept. */
  close(): void {
    this.#isClosed = true;
  }

  async #post(inbox: string, message: string, isWanted: () => boolean): Promise<void> {
    // The first attempt goes out before the job's end, which follows it on the same connection.
    let limit = await this.#attempt(inbox, message);
    if (limit === undefined) return;
    if (this.#kept + message.length > MAX_KEPT) {
      this.#watch.warnOf('too many outcomes wait for Redis: some are dropped.', 'outbox');
      return;
    }
    this.#kept += message.length;
    const since = performance.now();
    while (limit !== undefined && performance.now() - since < limit) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_EVERY).unref());
      if (this.#isClosed || !isWanted()) break;
      limit = await this.#attempt(inbox, message);
    }
    this.#kept -= message.length;
  }

  /** Resolves to how long, in ms, to retry; to undefined if the message was delivered. */
  async #attempt(inbox: string, message: string): Promise<number | undefined> {
    try {
      return (await this.#redis.post(inbox, message)) ? undefined : MISSING_FOR;
    } catch (error) {
      this.#watch.warn(error);
      return REFUSED_FOR;
    }
  }
}
