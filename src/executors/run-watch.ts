import { epochNow } from '../worker/worker-protocol.js';
import type { Chunk } from './chunk.js';
import type { Job } from './job.js';

/** How long, in ms, a task file or a context may take to load; more, if the call itself may take more. */
const MAX_LOAD = 10_000;

/**
 * Looks in on the chunks under way when a call in one of them may be out of time: with one timer
 * for all, since hardly any call ever is.
 *
 * @internal
 */
export class RunWatch {
  readonly #chunks: ReadonlyMap<number, Chunk>;
  readonly #expire: (chunk: Chunk, job: Job, limit: number) => void;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires, in epoch ms. */
  #due = Infinity;

  /** @param expire told of a call that has run for more than `limit` ms */
  constructor(
    chunks: ReadonlyMap<number, Chunk>,
    expire: (chunk: Chunk, job: Job, limit: number) => void,
  ) {
    this.#chunks = chunks;
    this.#expire = expire;
  }

  /** A chunk was sent whose first call may run for so many ms. */
  begin(timeout: number): void {
    // Workers themselves keep no process alive: what they post could come too late.
    this.#timer?.ref();
    this.#lookAt(epochNow() + timeout);
  }

  /** No chunk is under way. */
  rest(): void {
    this.#timer?.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = Infinity;
  }

  #lookAt(due: number): void {
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#look(), Math.max(1, Math.ceil(due - epochNow())));
  }

  #look(): void {
    this.stop();
    for (const chunk of this.#chunks.values()) {
      const job = chunk.running;
      if (job === undefined) {
        if (chunk.hasUnstarted) this.begin(chunk.shortestTimeout);
        continue;
      }
      // Given up already: it has been told to end.
      if (job.settled) continue;
      const { timeout } = job.call;
      const limit = chunk.isLoading ? Math.max(timeout, MAX_LOAD) : timeout;
      const left = limit - (epochNow() - chunk.startedAt);
      if (left > 0) this.#lookAt(epochNow() + Math.min(left, chunk.shortestTimeout));
      else this.#expire(chunk, job, limit);
    }
  }
}
