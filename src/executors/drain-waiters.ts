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
