import type { Ledger } from '../ledger/ledger.js';

/**
 * The value of a `Server-Timing` header (W3C Server Timing): the discarded passes and what each
 * future ran and waited, in ms.
 *
 * @internal
 */
export function serverTiming(ledger: Ledger): string {
  const passes = ledger.log.ended.map(
    ({ pass, duration }) => `pass${pass};dur=${duration.toFixed(2)}`,
  );
  const futures = [...ledger.futures].map(
    ({ key, run, worker }) =>
      `future;dur=${run.toFixed(2)};desc="${`${key} (${worker})`.replace(/[^\x20-\x7e]|["\\]/g, '_')}"`,
  );
  return [...passes, ...futures].join(', ');
}
