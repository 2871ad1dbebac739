import { ReplayLimitError } from '../errors/index.js';
import type { Ledger } from './ledger.js';

/**
 * The error of a request that still submits in its last pass. A key drifts if its value was
 * computed and then not asked for in the last pass.
 *
 * @internal
 */
export function replayLimitError(ledger: Ledger): ReplayLimitError {
  const drifting = [...ledger.futures]
    .filter(({ isSettled, askedIn }) => isSettled && askedIn < ledger.pass.number)
    .map(({ key }) => key);
  const submitted = ledger.pass.log.ended.map((pass) => pass.submitted);
  return new ReplayLimitError(ledger.runtime.options.maxPasses, submitted, drifting);
}
