import type { Workers } from './workers.js';

/**
 * Ends workers that were not needed for a while, whichever they are: with three of ten workers busy
 * at the most, seven are.
 *
 * @internal
 */
export class IdleWorkers {
  readonly #workers: Workers;
  readonly #retire: () => void;
  /** At index k: when more than k workers were busy last. */
  readonly #lastNeeded: number[] = [];
  #busy = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param retire has an idle worker end */
  constructor(workers: Workers, retire: () => void) {
    this.#workers = workers;
    this.#retire = retire;
  }

  /** Takes note that so many workers are busy now. */
  update(busy: number): void {
    const now = performance.now();
    const before = this.#busy;
    this.#busy = busy;
    for (let k = Math.min(before, busy); k < Math.max(before, busy); k++) this.#lastNeeded[k] = now;
    if (busy < before) this.#lookIn(this.#workers.idleTimeout);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #lookIn(ms: number): void {
    // `Infinity`: the workers are not ours to end.
    if (ms === Infinity) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, ms).unref();
  }

  #look(): void {
    const { alive, min, idleTimeout } = this.#workers;
    const now = performance.now();
    let surplus = 0;
    let next = Infinity;
    for (let k = Math.max(min, this.#busy); k < alive; k++) {
      const left = idleTimeout - (now - (this.#lastNeeded[k] ?? now));
      if (left <= 0) surplus++;
      else next = Math.min(next, left);
    }
    for (; surplus > 0; surplus--) this.#retire();
    this.#lookIn(next);
  }
}
