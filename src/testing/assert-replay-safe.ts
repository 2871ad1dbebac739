import type { FuturesService } from '../index.js';
import { checkReplay } from '../testing-internals.js';
import { GivenOutcomes } from './given-outcomes.js';

/** Options of {@link assertReplaySafe}. */
export interface AssertReplaySafeOptions {
  /** Values of futures by key; their tasks do not run. Default: all tasks run on the event loop. */
  readonly results?: Readonly<Record<string, unknown>>;
  /** Maximum number of passes. Default: 5. */
  readonly maxPasses?: number;
}

/**
 * Runs a handler pass by pass until nothing is pending, then once more, and compares the last two
 * passes: keys, tasks, arguments and result. For unit tests: no app, no server, no workers.
 *
 * @param handler what to run; it gets the `FuturesService` of a request of its own
 * @returns the result of the last pass
 * @throws ReplayUnsafeError with the first difference
 * @throws ReplayLimitError if it still submits in its last pass
 * @throws what the handler throws in a pass that leaves nothing pending
 *
 * @example
 * ```ts
 * const page = await assertReplaySafe((futures) => new DeskController(futures).page('2026'), {
 *   results: { chart: '<svg/>' },
 * });
 * ```
 *
 * @publicApi
 */
export async function assertReplaySafe<Result>(
  handler: (futures: FuturesService) => Result,
  { results = {}, maxPasses }: AssertReplaySafeOptions = {},
): Promise<Awaited<Result>> {
  return checkReplay(handler, new GivenOutcomes({ results }), maxPasses);
}
