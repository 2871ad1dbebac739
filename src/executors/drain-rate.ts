import { RollingWindow } from './rolling-window.js';

/** Length of a measuring window, in ms. */
const WINDOW = 5_000;
/** Bounds of the answer, in s. */
const MIN_RETRY_AFTER = 1;
const MAX_RETRY_AFTER = 60;

/**
 * How fast an executor works off its queue, measured over the last 5 to 10 s.
 *
 * @internal
 */
export class DrainRate {
  readonly #window = new RollingWindow(WINDOW, () => this.#roll());
  #current = 0;
  #previous = 0;

  /** So many calls have ended. */
  record(ended: number, now = performance.now()): void {
    this.#window.roll(now);
    this.#current += ended;
  }

  /** Whole seconds until `queued` calls are worked off, from 1 to 60; 1 if nothing was measured. */
  retryAfter(queued: number): number {
    const now = performance.now();
    this.#window.roll(now);
    const measured = now - this.#window.start;
    const perSecond = ((this.#previous + this.#current) / measured) * 1_000;
    if (perSecond === 0) return MIN_RETRY_AFTER;
    return Math.min(MAX_RETRY_AFTER, Math.max(MIN_RETRY_AFTER, Math.ceil(queued / perSecond)));
  }

  #roll(): void {
    this.#previous = this.#current;
    this.#current = 0;
  }
}
