import type { Future } from '../ledger/future.js';
import type { PassRecord } from '../ledger/pass-log.js';

/**
 * The value of a `Server-Timing` header (W3C Server Timing): the discarded passes, and for each
 * future what it ran, in ms, with its key, task and worker.
 *
 * @internal
 */
export function serverTiming(passes: readonly PassRecord[], futures: Iterable<Future>): string {
  return [
    ...passes.map(({ pass, duration }) => `pass${pass};dur=${duration.toFixed(2)}`),
    ...Array.from(
      futures,
      ({ key, call, run, worker }) =>
        `future;dur=${run.toFixed(2)};desc="${quotable(`${key}: ${call.task.id} (${worker})`)}"`,
    ),
  ].join(', ');
}

/** A header takes printable ASCII, and a quoted string in it no quotes. */
function quotable(text: string): string {
  return text.replace(/[^\x20-\x7e]|["\\]/g, '_');
}
