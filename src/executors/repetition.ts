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
