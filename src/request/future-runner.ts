import type { Outcome } from '../executors/executor.js';
import type { ClientConnection } from '../http/client-connection.js';
import type { ResponseHead } from '../http/response-head.js';
import type { Future } from './future.js';
import type { FuturesRuntime } from './futures.runtime.js';
import type { PassState } from './pass.js';
import { serverTiming } from './server-timing.js';

/** What the runner needs of its ledger. */
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
  /** Futures that were declared in this turn of the event loop: the parameters of one signature. */
  #declared: Future[] = [];
  #batch: Promise<void> | undefined;

  constructor(ledger: Requester) {
    this.#ledger = ledger;
  }

  /** Runs those that are pending as one batch, and waits for all. */
  runAll(futures: readonly Future[]): Promise<unknown> {
    const pending = futures.filter(({ state }) => state === 'pending');
    const batch = this.#run(pending);
    for (const future of pending) future.start(batch);
    if (pending.length === futures.length) return batch;
    // Others were started by another resolver of the same GraphQL request.
    return Promise.all(futures.map(({ settled }) => settled));
  }

  /** Runs a future as one batch with those that are declared in the same turn. */
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
