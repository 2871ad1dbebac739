import type { Outcome } from '../executors/executor.js';
import type { ClientConnection } from '../http/client-connection.js';
import type { ResponseHead } from '../http/response-head.js';
import type { RequestTrace } from './diagnostics.js';
import { type Future, NOT_RUN } from './future.js';
import type { FuturesRuntime } from './futures.runtime.js';
import type { PassRecord, PassState } from './pass.js';

/** The part of a ledger that the runner uses. */
interface Requester {
  readonly runtime: FuturesRuntime;
  readonly client: ClientConnection;
  readonly head: ResponseHead;
  readonly pass: PassState;
  readonly trace: RequestTrace | undefined;
  readonly futures: Iterable<Future>;
}

/**
 * Hands the futures of one ledger to the executors.
 *
 * @internal
 */
export class FutureRunner {
  readonly #ledger: Requester;
  /** Futures declared in this turn of the event loop: the parameters of one handler signature. */
  #declared: Future[] = [];
  #batch: Promise<void> | undefined;

  constructor(ledger: Requester) {
    this.#ledger = ledger;
  }

  /** Runs the pending futures as one batch, and waits until all the given futures have settled. */
  runAll(futures: readonly Future[]): Promise<unknown> {
    const pending = futures.filter(({ state }) => state === 'pending');
    const batch = this.#run(pending);
    for (const future of pending) future.start(batch);
    if (pending.length === futures.length) return batch;
    // Another resolver of the same GraphQL request has started the rest.
    return Promise.all(futures.map(({ batch }) => batch));
  }

  /** Runs a future in one batch with the others declared in the same turn of the event loop. */
  runSoon(future: Future): void {
    this.#declared.push(future);
    this.#batch ??= this.#runAfterTurn();
    future.start(this.#batch);
  }

  async #runAfterTurn(): Promise<void> {
    await Promise.resolve();
    const futures = this.#declared;
    this.#declared = [];
    this.#batch = undefined;
    await this.#run(futures);
  }

  async #run(futures: readonly Future[]): Promise<void> {
    if (futures.length === 0) return;
    const { client, head, pass, runtime, trace } = this.#ledger;
    const start = performance.now() - pass.log.origin;
    for (const future of futures) future.seal();
    client.batches++;
    const outcomes = await runtime.run(futures, client, {
      request: trace?.message,
      pass: pass.number,
    });
    client.batches--;
    futures.forEach((future, i) => future.resolve(outcomes[i] as Outcome, start));
    if (runtime.options.serverTiming && !head.isSent) {
      head.setHeader('Server-Timing', serverTiming(pass.log.ended, this.#ledger.futures));
    }
  }
}

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
