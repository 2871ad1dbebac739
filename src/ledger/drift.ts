import { ReplayLimitError } from '../errors/index.js';
import { told } from '../errors/outside-text.js';
import { firstDifference } from '../replay/first-difference.js';
import type { Ledger } from './ledger.js';

/**
 * The error of a request that still submits in its last pass. A key drifts if its value was
 * computed and then not asked for in the last pass.
 *
 * @internal
 */
export function replayLimitError(ledger: Ledger): ReplayLimitError {
  const drifting = [...ledger.futures]
    .filter((future) => {
      const mark = ledger.mark(future);
      return mark !== undefined && future.isSettled && mark.askedIn < ledger.pass.number;
    })
    .map(({ key }) => key);
  const { stale } = ledger;
  return new ReplayLimitError(ledger.maxPasses, submittedIn(ledger), drifting, {
    differs: stale && told`"${stale.key}" at ${differenceOf(stale.before, stale.after)}`,
  });
}

/** The error of a pass whose outcome is that of an earlier one, which was discarded. @internal */
export function keptOutcomeError(ledger: Ledger, pass: number): ReplayLimitError {
  const { number } = ledger.pass;
  return new ReplayLimitError(ledger.maxPasses, submittedIn(ledger), [], {
    kept: { from: pass, until: number },
  });
}

function submittedIn(ledger: Ledger): (readonly string[])[] {
  return ledger.pass.log.ended.map((pass) => pass.submitted);
}

function differenceOf(before: unknown, after: unknown): string {
  try {
    return firstDifference(before, after, 'args') ?? 'args';
  } catch {
    // They are nested too deeply to be compared, or cannot be read.
    return 'args';
  }
}
