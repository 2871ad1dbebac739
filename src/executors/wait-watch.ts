import { FutureTimeoutError } from '../errors/index.js';
import { monotonicNow } from '../wire/clock.js';
import { notStarted } from './executor.js';
import type { Job } from './job.js';

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
