import { monotonicNow } from '../../wire/clock.js';
import type { Workers } from './workers.js';

/**
 * Says how many workers were not needed for a while, no matter which: if at most three of ten were
 * busy, seven may exit.
 *
 * @internal
 */
export class IdleWorkers {
  readonly #workers: Pick<Workers, 'alive' | 'min' | 'idleTimeout'>;
  /** At index k: when more than k workers were last busy, in ms on the monotonic clock. */
  readonly #lastNeeded: number[] = [];
  #busy = 0;

  constructor(workers: Pick<Workers, 'alive' | 'min' | 'idleTimeout'>) {
    this.#workers = workers;
  }

  /**
   * Must be called when the number of busy workers changes.
   *
   * @returns when a worker may have been idle for too long, in ms on the monotonic clock; Infinity:
   *   never
   */
  update(busy: number): number {
    const now = monotonicNow();
    const before = this.#busy;
    this.#busy = busy;
    for (let k = Math.min(before, busy); k < Math.max(before, busy); k++) this.#lastNeeded[k] = now;
    return busy < before ? now + this.#workers.idleTimeout : Infinity;
  }

  /** How many workers have been idle for too long now, and when to look again. */
  surplus(): { readonly count: number; readonly next: number } {
    const { alive, min, idleTimeout } = this.#workers;
    const now = monotonicNow();
    let count = 0;
    let next = Infinity;
    for (let k = Math.max(min, this.#busy); k < alive; k++) {
      const due = (this.#lastNeeded[k] ?? now) + idleTimeout;
      if (due <= now) count++;
      else next = Math.min(next, due);
    }
    return { count, next };
  }
}
