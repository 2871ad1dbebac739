import type { Outcome } from '../executors/executor.js';
import type { ClientConnection } from '../http/client-connection.js';
import type { ResponseHead } from '../http/response-head.js';
import type { Future } from './future.js';
import type { FuturesRuntime } from './futures.runtime.js';
import type { PassState } from './pass.js';
import { serverTiming } from './server-timing.js';

/** The part of a ledger that the runner uses. */
interface Requester {
  readonly runtime: FuturesRuntime;
  readonly client: ClientConnection;
  readonly head: ResponseHead;
  readonly pass: PassState;
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
    return Promise.all(futures.map(({ settled }) => settled));
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
    const { client, head, pass, runtime } = this.#ledger;
    const start = performance.now() - pass.log.origin;
    for (const future of futures) future.seal();
    client.batches++;
    const outcomes = await runtime.executors.run(futures, client);
    client.batches--;
    futures.forEach((future, i) => future.resolve(outcomes[i] as Outcome, start));
    if (runtime.options.serverTiming && !head.isSent) {
      head.setHeader('Server-Timing', serverTiming(pass.log.ended, this.#ledger.futures));
    }
  }
}
