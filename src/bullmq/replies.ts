import type { OutcomeMessage } from './outcome-message.js';
import type { RedisCommands } from './redis-commands.js';

interface Pending {
  readonly messages: string[];
  readonly sent: Promise<unknown>;
}

/**
 * Sends outcomes to the processes that wait for them: those that come up in the same turn of the
 * event loop go out as one command a process.
 *
 * @internal
 */
export class Replies {
  readonly #redis: RedisCommands;
  readonly #pending = new Map<string, Pending>();

  constructor(redis: RedisCommands) {
    this.#redis = redis;
  }

  /** Resolves when Redis has them, or the process that asked has gone. */
  async send(inbox: string, jobId: string, outcomes: readonly OutcomeMessage[]): Promise<void> {
    let pending = this.#pending.get(inbox);
    if (pending === undefined) {
      const messages: string[] = [];
      const sent = new Promise((resolve) => setImmediate(resolve)).then(() => {
        this.#pending.delete(inbox);
        return this.#redis.post(inbox, messages);
      });
      pending = { messages, sent };
      this.#pending.set(inbox, pending);
    }
    pending.messages.push(JSON.stringify([jobId, outcomes]));
    await pending.sent;
  }
}
