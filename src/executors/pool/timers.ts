import { MAX_DURATION } from '../../errors/options.js';
import { monotonicNow } from '../../wire/clock.js';

/**
 * One timer for many times: it fires at the earliest of those it was given, and must be given the
 * next ones then. Timers per call would be expensive, and hardly any of them would ever fire.
 *
 * @internal
 */
export class Alarm {
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires, in ms on the monotonic clock. */
  #due = Infinity;
  #isKeepingAlive = false;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Rings at `due`, in ms on the monotonic clock, or earlier. */
  by(due: number): void {
    if (due >= this.#due) return;
    this.stop();
    this.#due = due;
    const wait = Math.min(MAX_DURATION, Math.max(1, Math.ceil(due - monotonicNow())));
    // Results that workers posted while this event loop was blocked are taken first.
    this.#timer = setTimeout(() => setImmediate(() => this.#fire()), wait);
    if (!this.#isKeepingAlive) this.#timer.unref();
  }

  /** Whether the alarm keeps the process alive. Default: false. */
  keepAlive(isNeeded: boolean): void {
    this.#isKeepingAlive = isNeeded;
    if (isNeeded) this.#timer?.ref();
    else this.#timer?.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = Infinity;
  }

  #fire(): void {
    if (this.#timer === undefined) return;
    this.stop();
    this.#ring();
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
