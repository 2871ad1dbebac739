import { Logger, type ExecutionContext } from '@nestjs/common';
import type { UseFuturesOptions } from './route-traits.js';
import type { ReplayLimitError } from '../errors/index.js';
import { replayLimitError } from '../request/drift.js';
import type { Ledger } from '../request/ledger.js';
import { logThrown } from '../errors/text.js';

const logger = new Logger('Futures');

/**
 * Applies the options of the module and of `@UseFutures()` to the passes of one request.
 *
 * @internal
 */
export class RoutePolicy {
  readonly #ledger: Ledger;
  readonly #context: ExecutionContext;
  readonly #route: UseFuturesOptions;

  constructor(ledger: Ledger, context: ExecutionContext, route: UseFuturesOptions) {
    this.#ledger = ledger;
    this.#context = context;
    this.#route = route;
  }

  /** Whether no pass may follow this one. */
  get isLastPass(): boolean {
    return this.#ledger.pass.number >= this.#ledger.maxPasses;
  }

  /** The error for a request that still submits in its last pass. */
  limitError(): ReplayLimitError {
    return replayLimitError(this.#ledger);
  }

  /** Whether `retryOn` accepts the error, and there is a pass left for the retry. */
  wantsRetry(error: unknown): boolean {
    const { retryOn } = this.#route;
    const { pass } = this.#ledger;
    if (retryOn === undefined || this.isLastPass) return false;
    if (pass.failure !== undefined || !pass.isRunning) return false;
    try {
      return retryOn(error);
    } catch (thrown) {
      logThrown(logger, thrown);
      return false;
    }
  }

  /** Ends a discarded pass. The app's hook runs last: the pass's hooks may need what it clears. */
  endPass(): Promise<void> | undefined {
    const { pass, runtime } = this.#ledger;
    const { onDiscard } = runtime.options;
    if (onDiscard !== undefined) pass.onDiscard(() => onDiscard(this.#context));
    return pass.discard();
  }
}
