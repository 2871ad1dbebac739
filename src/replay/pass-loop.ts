import { Logger, type CallHandler } from '@nestjs/common';
import type { Observer, Subscriber, Subscription } from 'rxjs';
import { ExecutorSaturatedError, ResponseCommittedError } from '../errors/index.js';
import { replayLimitError } from '../ledger/drift.js';
import type { Ledger } from '../ledger/ledger.js';
import { destroyBody } from './discarded-body.js';
import type { RequestReplay } from './request-replay.js';
import { serverTiming } from './server-timing.js';

const logger = new Logger('Futures');

/**
 * Runs a request pass by pass, until one leaves nothing pending: that one's outcome is passed on.
 *
 * It is the observer of each pass. A value, error or completion that comes while futures are
 * pending ends the pass, whoever sent it: an interceptor may have swallowed or replaced the error
 * by which the barrier told it.
 *
 * @internal
 */
export class PassLoop implements Observer<unknown> {
  #subscription: Subscription | undefined;
  #isDiscarding = false;

  constructor(
    private readonly ledger: Ledger,
    private readonly handler: CallHandler,
    /** Undefined: only the handler is replayed. */
    private readonly request: RequestReplay | undefined,
    private readonly subscriber: Subscriber<unknown>,
  ) {}

  /** Runs a pass. */
  start(): void {
    this.#isDiscarding = false;
    const { storage } = this.ledger.runtime;
    const subscribe = () => this.handler.handle().subscribe(this);
    const subscription = storage === undefined ? subscribe() : storage.run(this.ledger, subscribe);
    // An outcome that came at once has been dealt with already.
    if (this.#isDiscarding) subscription.unsubscribe();
    else this.#subscription = subscription;
  }

  /** The response is not wanted any more. */
  stop(): void {
    this.#subscription?.unsubscribe();
    this.ledger.end();
  }

  next(value: unknown): void {
    if (this.#isDiscarding) destroyBody(value);
    else if (this.ledger.mustDiscard) {
      destroyBody(value);
      this.#discard();
    } else this.subscriber.next(value);
  }

  error(error: unknown): void {
    if (this.#isDiscarding) return;
    if (this.ledger.mustDiscard) this.#discard();
    else this.#fail(error);
  }

  complete(): void {
    if (this.#isDiscarding) return;
    if (this.ledger.mustDiscard) {
      this.#discard();
      return;
    }
    this.ledger.end();
    this.subscriber.complete();
  }

  #discard(): void {
    this.#isDiscarding = true;
    this.#subscription?.unsubscribe();
    this.#replay().catch((error: unknown) => this.#fail(error));
  }

  async #replay(): Promise<void> {
    const { ledger } = this;
    const { head } = ledger;
    if (head.isSent) {
      logger.error(new ResponseCommittedError(ledger.pendingKeys));
      this.#abandon();
      return;
    }
    if (ledger.pass >= ledger.runtime.options.maxPasses) throw replayLimitError(ledger);
    head.restore();
    await ledger.discard();
    await ledger.resolvePending();
    if (ledger.client.isGone || this.subscriber.closed) {
      this.#abandon();
      return;
    }
    if (ledger.runtime.options.serverTiming) head.setHeader('Server-Timing', serverTiming(ledger));
    ledger.nextPass();
    // The clone has a loop of its own, and is answered there: this one ends without an outcome.
    if (this.request !== undefined) this.request.dispatch(ledger);
    else this.start();
  }

  /** Ends without an outcome: the response is written, or nobody waits for it. */
  #abandon(): void {
    this.ledger.end();
    this.subscriber.next(undefined);
    this.subscriber.complete();
  }

  #fail(error: unknown): void {
    this.ledger.end();
    if (error instanceof ExecutorSaturatedError && !this.ledger.head.isSent) {
      this.ledger.head.setHeader('Retry-After', String(error.retryAfter));
    }
    this.subscriber.error(error);
  }
}
