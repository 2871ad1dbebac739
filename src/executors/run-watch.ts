import { monotonicNow } from '../wire/clock.js';
import type { Chunk } from './chunk.js';
import type { Job } from './job.js';

/** How long, in ms, a task file or a context may take to load; more, if the call itself may take more. */
const MAX_LOAD = 10_000;
/** How often, in ms, every chunk under way is looked at. */
const PULSE = 1_000;

export interface RunWatchHooks {
  /** A call has run for more than `limit` ms. */
  expire(chunk: Chunk, job: Job, limit: number): void;
  /** A second has passed, in which this event loop was not blocked. */
  pulse(chunk: Chunk): void;
}

/**
 * Looks in on the chunks under way: when a call in one of them may be out of time, and once a second
 * for whatever else may be wrong with their workers. One timer serves all, since hardly any call is
 * ever out of time.
 *
 * @internal
 */
export class RunWatch {
  readonly #chunks: ReadonlyMap<number, Chunk>;
  readonly #hooks: RunWatchHooks;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires, in ms on the monotonic clock. */
  #due = Infinity;
  #pulsedAt = -Infinity;

  constructor(chunks: ReadonlyMap<number, Chunk>, hooks: RunWatchHooks) {
    this.#chunks = chunks;
    this.#hooks = hooks;
  }

  /** A chunk was sent whose first call may run for so many ms. */
  begin(timeout: number): void {
    // Workers themselves keep no process alive: what they post could come too late.
    this.#timer?.ref();
    this.#lookIn(timeout);
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

  #lookIn(ms: number): void {
    const wait = Math.min(ms, PULSE);
    const due = monotonicNow() + wait;
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    // What workers have posted while this event loop was blocked is taken first.
    this.#timer = setTimeout(() => setImmediate(() => this.#look()), Math.max(1, Math.ceil(wait)));
  }

  #look(): void {
    if (this.#timer === undefined) return;
    this.stop();
    const now = monotonicNow();
    const isPulse = now - this.#pulsedAt >= PULSE * 0.9;
    if (isPulse) this.#pulsedAt = now;
    for (const chunk of this.#chunks.values()) {
      if (isPulse) this.#hooks.pulse(chunk);
      this.#lookAt(chunk, now);
    }
    if (this.#chunks.size > 0) this.#lookIn(PULSE);
  }

  #lookAt(chunk: Chunk, now: number): void {
    const job = chunk.running;
    if (job === undefined) {
      if (chunk.hasUnstarted) this.#lookIn(chunk.shortestTimeout);
      return;
    }
    // Given up already: it has been told to end.
    if (job.settled) return;
    const { timeout } = job.call;
    const limit = chunk.isLoading ? Math.max(timeout, MAX_LOAD) : timeout;
    const left = limit - chunk.elapsed(now);
    if (left > 0) this.#lookIn(Math.min(left, chunk.shortestTimeout));
    else this.#hooks.expire(chunk, job, limit);
  }
}
