/** Weight of the newest measurement in the moving average. */
const ALPHA = 0.2;

/**
 * What each task ran lately, as an exponentially weighted moving average, in ms.
 *
 * @internal
 */
export class DurationEstimates {
  readonly #byTask = new Map<string, number>();

  /** Infinity for a task that never ran. */
  of(taskId: string): number {
    return this.#byTask.get(taskId) ?? Infinity;
  }

  record(taskId: string, run: number): void {
    const known = this.#byTask.get(taskId);
    this.#byTask.set(taskId, known === undefined ? run : known + ALPHA * (run - known));
  }
}
