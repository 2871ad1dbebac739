import { Logger, type CallHandler, type ExecutionContext } from '@nestjs/common';
import type { Observer, Subscriber, Subscription } from 'rxjs';
import { BodySpentError, type BodyLoss } from '../errors/index.js';
import { logThrown } from '../errors/text.js';
import { UnparsedBody } from '../http/unparsed-body.js';
import { RequestTrace } from '../request/diagnostics.js';
import type { Ledger } from '../request/ledger.js';
import { currentPass, httpRequestOf, type CurrentPass } from '../request/request-ledger.js';
import { subscribeBegun } from './lazy-body.js';
import type { Rehearsal } from './rehearsal.js';
import type { RequestReplay } from './request-replay.js';
import type { UseFuturesOptions } from './route-traits.js';

const logger = new Logger('Futures');

/**
 * Since Node 24, an async context costs next to nothing (AsyncContextFrame). So each pass runs in
 * one there, to identify promises that a discarded pass has left behind.
 */
const IS_CONTEXT_CHEAP = Number.parseInt(process.versions.node, 10) >= 24;

/** What a pass loop needs to run a request. */
export interface PassLoopOptions {
  readonly ledger: Ledger;
  readonly context: ExecutionContext;
  readonly handler: CallHandler;
  /** Undefined if only the handler is replayed. */
  readonly request: RequestReplay | undefined;
  /** Whether the route streams events. */
  readonly isSse: boolean;
  /** The route's `@UseFutures()` options. */
  readonly route: UseFuturesOptions;
}

/**
 * Runs one pass after the other, and observes each.
 *
 * @internal
 */
export abstract class PassRunner implements Observer<unknown> {
  protected readonly ledger: Ledger;
  protected readonly context: ExecutionContext;
  /** Undefined if only the handler is replayed. */
  protected readonly request: RequestReplay | undefined;
  protected readonly subscriber: Subscriber<unknown>;
  protected readonly isSse: boolean;
  /** A body that nothing has parsed. */
  protected readonly body: UnparsedBody | undefined;
  protected isDiscarding = false;
  protected rehearsal: Rehearsal | undefined;
  protected pass: CurrentPass;
  readonly #handler: CallHandler;
  readonly #usesContext: boolean;
  #subscription: Subscription | undefined;

  constructor(
    { ledger, context, handler, request, isSse }: PassLoopOptions,
    subscriber: Subscriber<unknown>,
  ) {
    this.ledger = ledger;
    this.context = context;
    this.request = request;
    this.subscriber = subscriber;
    this.isSse = isSse;
    this.#handler = handler;
    this.#usesContext =
      IS_CONTEXT_CHEAP || ledger.runtime.usesContext || context.getType() !== 'http';
    this.pass = { ledger, isDiscarded: false };
    const served = httpRequestOf(context);
    this.body = served && UnparsedBody.of(served, request !== undefined);
  }

  abstract next(value: unknown): void;
  abstract error(error: unknown): void;
  abstract complete(): void;
  protected abstract fail(error: unknown): void;

  /** Starts a pass. */
  start(): void {
    this.isDiscarding = false;
    if (this.body !== undefined) {
      this.body.onLost = (loss, isSilent) => this.#loseBody(loss, isSilent);
    }
    this.pass = { ledger: this.ledger, isDiscarded: false };
    const { ledger } = this;
    if (ledger.pass.number === 1) ledger.trace = RequestTrace.of(this.context, ledger.runtime.app);
    const { trace } = ledger;
    const subscribe = () => this.#subscribe();
    this.#subscription = this.inContext(
      trace === undefined ? subscribe : () => trace.run(subscribe),
    );
    // A synchronous outcome was discarded before #subscription was set.
    if (this.isDiscarding) this.unsubscribe();
  }

  protected inContext<Result>(run: () => Result): Result {
    return this.#usesContext ? currentPass.run(this.pass, run) : run();
  }

  #subscribe(): Subscription | undefined {
    try {
      const outcome = this.#handler.handle();
      const isHttp = this.context.getType() === 'http' && !this.isSse;
      return isHttp ? subscribeBegun(this.ledger, outcome, this) : outcome.subscribe(this);
    } catch (error) {
      // With global interceptors, handle() calls the first of them, and that one threw.
      this.error(error);
      return undefined;
    }
  }

  /** Called when the response is not wanted any more. */
  stop(): void {
    this.ledger.pass.end();
    // The clone of a replayed request goes on.
    if (this.pass.ledger.request === (httpRequestOf(this.context) ?? this.context)) {
      this.ledger.trace?.end('abandoned');
    }
    this.unsubscribe();
    this.body?.forget();
  }

  /** Fails a pass that reads the lost body again, even if the handler swallows the error. */
  #loseBody(loss: BodyLoss, isSilent: boolean): BodySpentError {
    const { pass } = this.ledger;
    const error = new BodySpentError(pass.number, loss);
    if (!pass.isRunning) return error;
    if (this.rehearsal === undefined) pass.failure ??= error;
    if (!isSilent) return error;
    if (this.rehearsal !== undefined) this.error(error);
    else {
      this.isDiscarding = true;
      this.unsubscribe();
      this.fail(error);
    }
    return error;
  }

  /** Only logs what a teardown throws: it is not the outcome of a pass. */
  protected unsubscribe(): void {
    try {
      this.#subscription?.unsubscribe();
    } catch (error) {
      logThrown(logger, error);
    }
  }
}
