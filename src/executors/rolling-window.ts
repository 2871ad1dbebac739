/**
 * Time in windows of equal length, of which the current one and the one before it count.
 *
 * @internal
 */
export class RollingWindow {
  readonly #length: number;
  readonly #rolled: () => void;
  #start = performance.now();

  /**
   * @param length ms
   * @param rolled told that the current window is now the one before, and a new one begins
   */
  constructor(length: number, rolled: () => void) {
    this.#length = length;
    this.#rolled = rolled;
  }

  /** When the window before the current one began, by `performance.now()`. */
  get start(): number {
    return this.#start - this.#length;
  }

  /** To be called before something is recorded or read. */
  roll(now: number): void {
    const age = now - this.#start;
    if (age < this.#length) return;
    const isNext = age < 2 * this.#length;
    this.#rolled();
    if (!isNext) this.#rolled();
    this.#start = isNext ? this.#start + this.#length : now;
  }
}
