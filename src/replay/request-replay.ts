import { Logger, type ExecutionContext } from '@nestjs/common';
import { FuturesContextError } from '../errors/index.js';
import { isA, logThrown, textOf } from '../errors/text.js';
import type { Ledger } from '../request/ledger.js';
import { attachLedger } from '../request/request-ledger.js';
import { adapterOf } from '../http/adapter.js';
import type { Next, RouteHandler } from '../http/http-adapter.js';

const logger = new Logger('Futures');

/**
 * Replays a request from the top: a clone of it goes to its route again, through guards,
 * interceptors, pipes and handler, in a request scope of its own; the response is the original's.
 *
 * @internal
 */
export class RequestReplay {
  readonly #context: ExecutionContext;
  readonly #request: object;
  /** The request's own properties before its first pass. */
  readonly #pristine: PropertyDescriptorMap;

  constructor(context: ExecutionContext) {
    this.#context = context;
    this.#request = context.getArgByIndex<object>(0);
    this.#pristine = Object.getOwnPropertyDescriptors(this.#request);
    for (const symbol of Object.getOwnPropertySymbols(this.#pristine)) {
      // Nest's key to the request-scoped instances.
      if (symbol.description === 'REQUEST_CONTEXT_ID')
        Reflect.deleteProperty(this.#pristine, symbol);
    }
  }

  /** What the next pass is made from. */
  get holders(): readonly object[] {
    return [this.#request, this.#pristine];
  }

  /** The request as it was before its first pass, with what was parsed of its body since. */
  clone(): object {
    const clone: object = Object.create(
      Object.getPrototypeOf(this.#request) as object,
      this.#pristine,
    ) as object;
    adapterOf(clone).keepUpload(clone, this.#request);
    return clone;
  }

  /**
   * Hands a clone of the request to its route. Its outcome is written to the response by Nest.
   *
   * @throws FuturesContextError if the adapter does not tell the route's handler
   */
  dispatch(clone: object, ledger: Ledger): void {
    attachLedger(clone, ledger);
    const response = this.#context.getArgByIndex<object>(1);
    const next = this.#context.getArgByIndex<Next>(2);
    const handler = routeHandlerOf(this.#request, this.#context);
    // Rejects where an exception filter throws: what the server itself would be told of the original.
    const handled = (async () => handler(clone, response, next))();
    handled
      .catch((error: unknown) => this.#fail(error))
      .catch((error: unknown) => logThrown(logger, error));
  }

  /** Answers as the server does when its route's handler rejects. */
  #fail(thrown: unknown): void {
    const response = this.#context.getArgByIndex<object>(1);
    const error = isA(thrown, Error) ? thrown : new Error(textOf(thrown), { cause: thrown });
    adapterOf(response).fail(error, response, this.#context.getArgByIndex<Next>(2));
  }
}

/** @throws FuturesContextError if the adapter does not tell */
function routeHandlerOf(request: object, context: ExecutionContext): RouteHandler {
  const handler = adapterOf(request).routeHandler(request);
  if (handler !== undefined) return handler;
  throw new FuturesContextError(
    `${context.getClass().name}.${context.getHandler().name} cannot be replayed with replay: 'request', ` +
      `because the HTTP adapter does not tell the route's handler. Use replay: 'handler'.`,
  );
}
