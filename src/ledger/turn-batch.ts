import type { Future } from './future.js';

/**
 * Collects the futures that are declared in one turn, the parameters of one signature, and runs
 * them as one batch.
 *
 * @internal
 */
export class TurnBatch {
  readonly #run: (futures: readonly Future[]) => Promise<void>;
  #futures: Future[] = [];
  #batch: Promise<void> | undefined;

  constructor(run: (futures: readonly Future[]) => Promise<void>) {
    this.#run = run;
  }

  add(future: Future): void {
    this.#futures.push(future);
    this.#batch ??= this.#runAfterTurn();
    future.start(this.#batch);
  }

  async #runAfterTurn(): Promise<void> {
    await Promise.resolve();
    const futures = this.#futures;
    this.#futures = [];
    this.#batch = undefined;
    await this.#run(futures);
  }
}
