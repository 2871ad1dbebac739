import type { ConnectionWatch } from './connection-watch.js';
import type { RedisCommands } from './redis-commands.js';

/** How long, in ms, a message is kept that Redis does not take; as long as an inbox is kept. */
const REFUSED_FOR = 30_000;
/** How long, in ms, one is kept whose inbox is missing: its owner has gone, or is about to make it again. */
const MISSING_FOR = 6_000;
/** How often, in ms, it is tried again. */
const RETRY_EVERY = 250;
/** Characters of all messages that are kept. */
const MAX_KEPT = 64_000_000;

/**
 * What a worker tells the processes that wait for its jobs. A message that does not get through is
 * kept and tried again for some seconds: Redis may refuse writes for a while, or have lost the inbox.
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
   * @param inbox names its owner
   * @param isWanted asked before each further attempt
   */
  send(inbox: string, message: string, isWanted: () => boolean = () => true): void {
    void this.#post(inbox, message, isWanted);
  }

  /** Gives up what is kept. */
  close(): void {
    this.#isClosed = true;
  }

  async #post(inbox: string, message: string, isWanted: () => boolean): Promise<void> {
    // The first attempt is sent at once: on the same connection, the end of the job comes behind it.
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

  /** Resolves to how long, in ms, it is to be tried again; to nothing if it is there. */
  async #attempt(inbox: string, message: string): Promise<number | undefined> {
    try {
      return (await this.#redis.post(inbox, message)) ? undefined : MISSING_FOR;
    } catch (error) {
      this.#watch.warn(error);
      return REFUSED_FOR;
    }
  }
}
