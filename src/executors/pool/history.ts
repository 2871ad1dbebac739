import type { UnknownTaskError } from '../../errors/index.js';
import type { Call, Outcome } from '../executor.js';
import { CallStats, DrainRate } from '../stats.js';
import { DurationEstimates } from './duration-estimates.js';
import { LoadBreaker } from './load-breaker.js';

/**
 * What a pool has learned from the calls that have ended.
 *
 * @internal
 */
export class CallHistory {
  readonly #estimates = new DurationEstimates();
  readonly #breaker = new LoadBreaker();
  readonly #stats = new CallStats();
  readonly #drain = new DrainRate();

  record(call: Call, outcome: Outcome): void {
    const now = performance.now();
    this.#stats.record(call.task.id, outcome, now);
    this.#drain.record(1, now);
    // A call that no worker ran says nothing about its task.
    if (outcome.worker === '') return;
    this.#estimates.record(call, outcome.run);
    this.#breaker.record(call, outcome.value);
  }

  /** Counts a call that was not taken. */
  recordRefused(call: Call, outcome: Outcome): void {
    this.#stats.record(call.task.id, outcome, performance.now());
  }

  /** How long a call is expected to run, in ms; Infinity: unknown. */
  estimate(call: Call): number {
    // A call that moves its arguments counts as long: it goes alone, since it cannot be sent again.
    return (call.transferList?.length ?? 0) > 0 ? Infinity : this.#estimates.of(call);
  }

  /** The error of a call whose task could not be loaded just now; undefined: it may be tried. */
  refusal(call: Call): UnknownTaskError | undefined {
    return this.#breaker.refusal(call);
  }

  /** Whole seconds until `queued` calls have ended, at the rate of the last seconds. */
  retryAfter(queued: number): number {
    return this.#drain.retryAfter(queued);
  }

  /**
   * @param width the most workers
   * @param underWay ms that the calls in flight have run so far
   */
  summary(width: number, underWay: number): ReturnType<CallStats['summary']> {
    return this.#stats.summary(width, underWay);
  }
}
