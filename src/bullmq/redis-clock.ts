/** By how much, in ms, Redis's clock must jump to count as a step. */
const STEP = 1_000;
/** A sample that took longer than this, in ms, says too little. */
const MAX_TRIP = 1_000;

/**
 * Redis's clock, which all machines of a queue share, as this process knows it: the process's own
 * monotonic clock plus an offset. Steps of this machine's wall clock do not touch it.
 *
 * @internal
 */
export class RedisClock {
  #offset: number | undefined;
  /** The last step forward: from when, and by how much, in ms. */
  #step = { from: -Infinity, by: 0 };

  /** Epoch time in ms by Redis. Before the first sample, by this machine. */
  now(): number {
    return performance.now() + (this.#offset ?? performance.timeOrigin);
  }

  /**
   * Takes a sample.
   *
   * @param redis epoch time in ms that Redis has told
   * @param asked when it was asked, and `answered`, when it had answered, by `performance.now()`
   */
  sample(redis: number, asked: number, answered: number): void {
    if (!Number.isFinite(redis)) return;
    if (this.#offset !== undefined && answered - asked > MAX_TRIP) return;
    const offset = redis - (asked + answered) / 2;
    const by = this.#offset === undefined ? 0 : offset - this.#offset;
    if (by > STEP) this.#step = { from: answered + (this.#offset ?? 0), by };
    this.#offset = offset;
  }

  /** How long ago something was, in ms, that happened at `then` by Redis's clock; never below zero. */
  since(then: number): number {
    const { from, by } = this.#step;
    // Times before a step forward, and times that only the old clock had, are of the old clock.
    const passed = this.now() - then - (then < from + by ? by : 0);
    return Math.max(0, passed);
  }
}
