import { FutureTimeoutError } from '../../errors/index.js';
import { MAX_DURATION } from '../../errors/options.js';
import { monotonicNow } from '../../wire/clock.js';
import { notStarted } from '../executor.js';
import type { Message } from './message.js';
import type { Job } from './job.js';

/**
 * Repeats an action every few ms, as long as it is needed.
 *
 * @internal
 */
export class Repetition {
  readonly #interval: number;
  readonly #act: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param interval ms
   * @param act returns whether it is needed again
   */
  constructor(interval: number, act: () => boolean) {
    this.#interval = interval;
    this.#act = act;
  }

  start(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#act()) this.start();
    }, this.#interval);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/**
 * Callers that wait until all work is done.
 *
 * @internal
 */
export class DrainWaiters {
  readonly #checks = new Set<() => void>();

  /** Resolves when `isDrained()`, or after `timeout` ms. */
  async wait(timeout: number, isDrained: () => boolean): Promise<void> {
    if (isDrained()) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#checks.delete(check);
        resolve();
      };
      const check = () => {
        if (isDrained()) end();
      };
      const timer = setTimeout(end, timeout);
      this.#checks.add(check);
    });
  }

  /** Must be called when something has ended. */
  check(): void {
    for (const check of this.#checks) check();
  }
}

/** How long, in ms, a task file or a context may load, if the call's own limit is not longer. */
const MAX_LOAD = 10_000;
/** How often, in ms, every message in flight is checked. */
const PULSE = 1_000;

export interface RunWatchHooks {
  /** A call has run for more than `limit` ms. */
  expire(message: Message, job: Job, limit: number): void;
  /** About a second has passed. Time in which this event loop was blocked counts as one second. */
  pulse(message: Message): void;
}

/**
 * Checks the messages in flight: when a call in one of them may time out, and once a second for
 * anything else that may be wrong with their workers. One timer serves all messages, since calls
 * hardly ever time out.
 *
 * @internal
 */
export class RunWatch {
  readonly #messages: ReadonlyMap<number, Message>;
  readonly #hooks: RunWatchHooks;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires, in ms on the monotonic clock. */
  #due = Infinity;
  #pulsedAt = -Infinity;

  constructor(messages: ReadonlyMap<number, Message>, hooks: RunWatchHooks) {
    this.#messages = messages;
    this.#hooks = hooks;
  }

  /** A message was sent; `timeout` is the shortest limit of its calls, in ms. */
  begin(timeout: number): void {
    // Workers alone don't keep the process alive, so their results could come too late.
    this.#timer?.ref();
    this.#lookIn(timeout);
  }

  /** No message is in flight. */
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
    // Results that workers posted while this event loop was blocked are taken first.
    this.#timer = setTimeout(() => setImmediate(() => this.#look()), Math.max(1, Math.ceil(wait)));
  }

  #look(): void {
    if (this.#timer === undefined) return;
    this.stop();
    const now = monotonicNow();
    const isPulse = now - this.#pulsedAt >= PULSE * 0.9;
    if (isPulse) this.#pulsedAt = now;
    for (const message of this.#messages.values()) {
      if (isPulse) this.#hooks.pulse(message);
      this.#lookAt(message, now);
    }
    if (this.#messages.size > 0) this.#lookIn(PULSE);
  }

  #lookAt(message: Message, now: number): void {
    const job = message.running;
    if (job === undefined) {
      if (message.hasUnstarted) this.#lookIn(message.shortestTimeout);
      return;
    }
    // The job was given up before, and asked to stop.
    if (job.settled) return;
    const { timeout } = job.call;
    const limit = message.isLoading ? Math.max(timeout, MAX_LOAD) : timeout;
    const left = limit - message.elapsed(now);
    if (left > 0) this.#lookIn(Math.min(left, message.shortestTimeout));
    else this.#hooks.expire(message, job, limit);
  }
}

export interface WaitWatchHooks {
  /** The jobs that may be waiting to start. */
  waiting(): readonly Job[];
  /** Takes a job back from wherever it waits; returns false if it has started. */
  withdraw(job: Job): boolean;
}

/**
 * Fails calls that have waited to start for longer than they may. One timer serves all calls, since
 * they hardly ever wait that long.
 *
 * @internal
 */
export class WaitWatch {
  readonly #hooks: WaitWatchHooks;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires, in ms on the monotonic clock. */
  #due = Infinity;

  constructor(hooks: WaitWatchHooks) {
    this.#hooks = hooks;
  }

  /** A job starts to wait. */
  begin({ deadline }: Job): void {
    if (deadline < this.#due) this.#arm(deadline);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#due = Infinity;
  }

  #arm(due: number): void {
    this.stop();
    this.#due = due;
    const wait = Math.min(MAX_DURATION, Math.max(1, Math.ceil(due - monotonicNow())));
    // Calls only wait behind others in flight, and those keep the process alive.
    this.#timer = setTimeout(() => this.#look(), wait).unref();
  }

  #look(): void {
    this.#due = Infinity;
    const now = monotonicNow();
    let next = Infinity;
    for (const job of this.#hooks.waiting()) {
      if (job.settled) continue;
      if (job.deadline > now) next = Math.min(next, job.deadline);
      else if (this.#hooks.withdraw(job)) giveUp(job);
    }
    // A job with an earlier deadline may have armed the timer meanwhile.
    if (next < this.#due) this.#arm(next);
  }
}

function giveUp(job: Job): void {
  const { key, task, queueTimeout = 0 } = job.call;
  const error = new FutureTimeoutError('queue', queueTimeout, { key, task: task.id });
  job.settle(notStarted(error, queueTimeout));
}
