import type { UnknownTaskError } from '../../errors/index.js';
import type { Call, Outcome } from '../executor.js';
import { CallStats, DrainRate } from '../stats.js';
import { DurationEstimates, moved } from './duration-estimates.js';
import { LoadBreaker } from './load-breaker.js';

/** Weight of the newest call in the average of all. */
const WEIGHT = 0.1;
/** For how long a call counts, in ms, before any has run. */
const UNKNOWN_COST = 1;

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
  /** How long calls of any task ran lately, in ms, as an exponentially weighted moving average. */
  #average: number | undefined;

  record(call: Call, outcome: Outcome): void {
    const now = performance.now();
    this.#stats.record(call.task.id, outcome, now);
    this.#drain.record(1, now);
    // A call that no worker ran says nothing about its task.
    if (outcome.worker === '') return;
    this.#estimates.record(call, outcome.run);
    this.#average = moved(this.#average ?? outcome.run, outcome.run, WEIGHT);
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

  /** How long a call without an estimate probably runs, in ms: as long as the others lately. */
  get unknownCost(): number {
    return this.#average ?? UNKNOWN_COST;
  }

  /**
   * Whole seconds until `queued` calls have ended, at the rate of the last seconds. If the pool was
   * idle in between, that rate is too low, and the work that waits tells more.
   *
   * @param work ms until it is done, with all workers
   */
  retryAfter(queued: number, work: number): number {
    return Math.max(1, Math.min(this.#drain.retryAfter(queued), Math.ceil(work / 1_000)));
  }

  /**
   * @param width the most workers
   * @param underWay ms that the calls in flight have run so far
   */
  summary(width: number, underWay: number): ReturnType<CallStats['summary']> {
    return this.#stats.summary(width, underWay);
  }
}
