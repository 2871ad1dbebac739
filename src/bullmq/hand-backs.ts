import type { Outcome } from '../index.js';
import type { HandedBack, OpenCall } from './open-jobs.js';

/** How often a call is sent again at most. */
const MAX_HAND_BACKS = 100;
/** How long, in ms, a call waits before it is sent again: the first time, and at most. */
const FIRST_DELAY = 20;
const MAX_DELAY = 500;

/**
 * Calls that a worker has handed back because it doesn't have their task: during a rolling deploy,
 * some workers are older than the app. They are sent again for other workers to take, until every
 * live worker has handed them back. Their `queueTimeout` keeps running.
 *
 * @internal
 */
export class HandBacks {
  readonly #send: (calls: readonly OpenCall[]) => void;
  readonly #countOthers: (workers: readonly string[]) => Promise<number>;
  readonly #waiting = new Map<OpenCall, NodeJS.Timeout | undefined>();

  /**
   * @param send sends calls to the queue
   * @param countOthers resolves to the number of live workers, without those named
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
    // Idle workers take turns, so the one that just handed it back is last in line.
    const delay = Math.min(MAX_DELAY, FIRST_DELAY * 2 ** (open.resent - 1));
    const timer = setTimeout(() => {
      this.#waiting.delete(open);
      if (!open.isSettled) this.#send([open]);
    }, delay);
    this.#waiting.set(open, timer);
  }

  /** Settles the calls that wait to be sent again. */
  giveUp(outcome: Outcome): void {
    for (const [open, timer] of this.#waiting) {
      clearTimeout(timer);
      open.settle(outcome);
    }
    this.#waiting.clear();
  }

  /** If Redis doesn't answer, assume that there are others. */
  async #others({ lackedBy }: OpenCall): Promise<number> {
    return this.#countOthers([...lackedBy]).catch(() => 1);
  }
}
