import { FutureTimeoutError } from '../../errors/index.js';
import { monotonicNow } from '../../wire/clock.js';
import { notStarted } from '../executor.js';
import type { Message } from './message.js';
import type { Job } from './job.js';

/**
 * Does something every few ms, for as long as it is needed.
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
 * Those who wait until nothing is left to do.
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

  /** To be called when something has ended. */
  check(): void {
    for (const check of this.#checks) check();
  }
}

/** How long, in ms, a task file or a context may take to load; more, if the call itself may take more. */
const MAX_LOAD = 10_000;
/** How often, in ms, every message under way is looked at. */
const PULSE = 1_000;

export interface RunWatchHooks {
  /** A call has run for more than `limit` ms. */
  expire(message: Message, job: Job, limit: number): void;
  /** A second has passed, in which this event loop was not blocked. */
  pulse(message: Message): void;
}

/**
 * Looks in on the messages under way: when a call in one of them may be out of time, and once a second
 * for whatever else may be wrong with their workers. One timer serves all, since hardly any call is
 * ever out of time.
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

  /** A message was sent whose first call may run for so many ms. */
  begin(timeout: number): void {
    // Workers themselves keep no process alive: what they post could come too late.
    this.#timer?.ref();
    this.#lookIn(timeout);
  }

  /** No message is under way. */
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
    // Given up already: it has been told to end.
    if (job.settled) return;
    const { timeout } = job.call;
    const limit = message.isLoading ? Math.max(timeout, MAX_LOAD) : timeout;
    const left = limit - message.elapsed(now);
    if (left > 0) this.#lookIn(Math.min(left, message.shortestTimeout));
    else this.#hooks.expire(message, job, limit);
  }
}

export interface WaitWatchHooks {
  /** Those that may wait to be started now. */
  waiting(): readonly Job[];
  /** Takes one back from wherever it waits; false: it has been started. */
  withdraw(job: Job): boolean;
}

/**
 * Gives up calls that have waited to be started for longer than they may. One timer serves all,
 * since hardly any call waits for so long.
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

  /** A job waits from now on. */
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
    const wait = Math.min(MAX_TIMER, Math.max(1, Math.ceil(due - monotonicNow())));
    // It is for calls that wait behind others, whose workers keep the process alive.
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
    // Those that were given up may have had others submitted.
    if (next < this.#due) this.#arm(next);
  }
}

/** The longest delay of a timer of Node's, in ms. */
const MAX_TIMER = 2 ** 31 - 1;

function giveUp(job: Job): void {
  const { key, task, queueTimeout = 0 } = job.call;
  const error = new FutureTimeoutError('queue', queueTimeout, { key, task: task.id });
  job.settle(notStarted(error, queueTimeout));
}
