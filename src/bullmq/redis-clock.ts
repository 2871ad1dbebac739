/** By how much, in ms, Redis's clock must jump to count as a step. */
const STEP = 1_000;
/** A sample that took longer than this, in ms, is too inexact. */
const MAX_TRIP = 1_000;

/**
 * Redis's clock, which all machines of a queue share, estimated as this process's monotonic clock
 * plus an offset. Steps of this machine's wall clock don't affect it.
 *
 * @internal
 */
export class RedisClock {
  #offset: number | undefined;
  /** The last step forward: when it was noticed, by the clock before it, and its size in ms. */
  #step = { from: -Infinity, by: 0 };

  /** Epoch time in ms by Redis's clock; before the first sample, by this machine's. */
  now(): number {
    return performance.now() + (this.#offset ?? performance.timeOrigin);
  }

  /**
   * @param redis epoch time in ms that Redis answered
   * @param asked when Redis was asked, by `performance.now()`; `answered`: when the answer arrived
   */
  sample(redis: number, asked: number, answered: number): void {
    if (!Number.isFinite(redis)) return;
    if (this.#offset !== undefined && answered - asked > MAX_TRIP) return;
    const offset = redis - (asked + answered) / 2;
    const by = this.#offset === undefined ? 0 : offset - this.#offset;
    if (by > STEP) this.#step = { from: answered + (this.#offset ?? 0), by };
    this.#offset = offset;
  }

  /** How many ms ago `then` was, by Redis's clock; never below zero. */
  since(then: number): number {
    const { from, by } = this.#step;
    // Times before the step, and times that it skipped, are by the clock as it was before.
    const passed = this.now() - then - (then < from + by ? by : 0);
    return Math.max(0, passed);
  }
}
