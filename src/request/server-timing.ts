import { NOT_RUN, type Future } from './future.js';
import type { PassRecord } from './pass.js';

/** Longest header value, in bytes: Node's own clients refuse 16 KB of headers in total. */
const MAX_LENGTH = 4096;
/** Longest description, in bytes. */
const MAX_DESCRIPTION = 100;
/** Length of the longest metric that says how many others were left out. */
const REST = `, more;desc="${Number.MAX_SAFE_INTEGER} left out"`.length;

/**
 * The value of a `Server-Timing` header (W3C Server Timing): the discarded passes, and the run time
 * of each future, in ms, with its key, task and worker. It is at most 4 KB long; a metric `more`
 * says how many metrics were left out.
 *
 * @internal
 */
export function serverTiming(passes: readonly PassRecord[], futures: Iterable<Future>): string {
  const metrics = [
    ...passes.map(({ pass, duration }) => `pass${pass};dur=${duration.toFixed(2)}`),
    ...Array.from(
      futures,
      ({ key, call, outcome: { run, worker } = NOT_RUN }) =>
        `future;dur=${run.toFixed(2)};desc="${described(key, `: ${call.task.id} (${worker})`)}"`,
    ),
  ];
  let value = '';
  for (const [i, metric] of metrics.entries()) {
    const longer = value === '' ? metric : `${value}, ${metric}`;
    if (longer.length + REST > MAX_LENGTH)
      return `${value}, more;desc="${metrics.length - i} left out"`;
    value = longer;
  }
  return value;
}

/** Cuts the key first: the rest is short, and says more. */
function described(key: string, rest: string): string {
  const space = Math.max(MAX_DESCRIPTION - rest.length, MAX_DESCRIPTION / 2);
  const start = key.length > space ? `${key.slice(0, space - 3)}...` : key;
  return quotable((start + rest).slice(0, MAX_DESCRIPTION));
}

/** A header may hold only printable ASCII, and a quoted string in it no quotes or backslashes. */
function quotable(text: string): string {
  return text.replace(/[^\x20-\x7e]|["\\]/g, '_');
}
