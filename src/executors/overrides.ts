import type { Assignment } from './executors.js';

/**
 * What a test puts between an app and its executors. `nestjs-futures/testing` provides it; in
 * production there is none.
 *
 * @internal
 */
export interface Overrides {
  /** Returns what runs instead of a call: the same assignment, or another one. */
  replace(assignment: Assignment): Assignment;
  /**
   * Called once for each request that uses futures, before its first pass.
   *
   * @param report returns the request's `FuturesReport` as it is by then
   */
  watch(report: () => unknown): void;
}

/**
 * The provider of an app's {@link Overrides}. By `Symbol.for`, since the app and its tests may load
 * the package in different formats.
 *
 * @internal
 */
export const OVERRIDES = Symbol.for('nestjs-futures.overrides');
