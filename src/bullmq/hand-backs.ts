import type { Outcome } from '../index.js';
import type { HandedBack, OpenCall } from './open-jobs.js';

/** How often a call is handed back at most. */
const MAX_HAND_BACKS = 100;
/** How long, in ms, a call waits before it is sent again: the first time, and at most. */
const FIRST_DELAY = 20;
const MAX_DELAY = 500;

/**
 * Calls that a worker has handed back, because it does not have their task: while a new build is rolled
 * out, some workers are older than the app. They are sent again, for other workers to take, until all
 * workers that are alive have handed them back. The time limit of their wait goes on.
 *
 * @internal
 */
export class HandBacks {
  readonly #send: (calls: readonly OpenCall[]) => void;
  readonly #countOthers: (workers: readonly string[]) => Promise<number>;
  readonly #waiting = new Map<OpenCall, NodeJS.Timeout | undefined>();

  /**
   * @param send sends calls to the queue
   * @param countOthers resolves to how many workers are alive beside those named
   */
  constructor(
    send: (calls: readonly OpenCall[]) => void,
    countOthers: (workers: readonly string[]) => Promise<number>,
  ) {
    this.#send = send;
    this.#countOthers = countOthers;
  }

  async take({ open, worker, outcome }: HandedBack): Promise<void> {
    open.lackedBy.add(worker);
    this.#waiting.set(open, undefined);
    const others = open.resent > MAX_HAND_BACKS ? 0 : await this.#others(open);
    if (!this.#waiting.has(open)) return;
    if (others === 0) {
      this.#waiting.delete(open);
      open.settle(outcome);
      return;
    }
    // Idle workers take turns, and the one that has just handed it back is the last of them.
    const delay = Math.min(MAX_DELAY, FIRST_DELAY * 2 ** (open.resent - 1));
    const timer = setTimeout(() => {
      this.#waiting.delete(open);
      if (!open.isSettled) this.#send([open]);
    }, delay);
    this.#waiting.set(open, timer);
  }

  /** Settles those that wait to be sent again. */
  giveUp(outcome: Outcome): void {
    for (const [open, timer] of this.#waiting) {
      clearTimeout(timer);
      open.settle(outcome);
    }
    this.#waiting.clear();
  }

  /** While Redis does not say, there may be others. */
  async #others({ lackedBy }: OpenCall): Promise<number> {
    return this.#countOthers([...lackedBy]).catch(() => 1);
  }
}
