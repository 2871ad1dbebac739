import { Logger, type ExecutionContext } from '@nestjs/common';
import { FuturesContextError } from '../errors/index.js';
import { isA, logThrown, textOf } from '../errors/text.js';
import type { Ledger } from '../request/ledger.js';
import { attachLedger } from '../request/request-ledger.js';
import { adapterOf } from '../http/adapter.js';
import type { Next, RouteHandler } from '../http/http-adapter.js';

const logger = new Logger('Futures');

/**
 * Replays a request from the top: a clone of it goes through guards, interceptors, pipes and
 * handler again, with a request scope of its own. The response is the original one.
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
      // Nest finds request-scoped instances by this key; a clone needs new ones.
      if (symbol.description === 'REQUEST_CONTEXT_ID')
        Reflect.deleteProperty(this.#pristine, symbol);
    }
  }

  /** The objects that the next pass's request is made from. */
  get holders(): readonly object[] {
    return [this.#request, this.#pristine];
  }

  /** A copy of the request as it was before its first pass, plus an upload parsed since then. */
  clone(): object {
    const clone: object = Object.create(
      Object.getPrototypeOf(this.#request) as object,
      this.#pristine,
    ) as object;
    adapterOf(clone).keepUpload(clone, this.#request);
    return clone;
  }

  /**
   * Passes a clone of the request to its route. Nest writes the outcome to the response.
   *
   * @throws FuturesContextError if the adapter does not expose the route's handler
   */
  dispatch(clone: object, ledger: Ledger): void {
    attachLedger(clone, ledger);
    const response = this.#context.getArgByIndex<object>(1);
    const next = this.#context.getArgByIndex<Next>(2);
    const handler = routeHandlerOf(this.#request, this.#context);
    // Rejects if an exception filter throws. For the original, the server would get this error.
    const handled = (async () => handler(clone, response, next))();
    handled
      .catch((error: unknown) => this.#fail(error))
      .catch((error: unknown) => logThrown(logger, error));
  }

  /** Answers as the server does when a route's handler rejects. */
  #fail(thrown: unknown): void {
    const response = this.#context.getArgByIndex<object>(1);
    const error = isA(thrown, Error) ? thrown : new Error(textOf(thrown), { cause: thrown });
    adapterOf(response).fail(error, response, this.#context.getArgByIndex<Next>(2));
  }
}

/** @throws FuturesContextError if the adapter does not expose it */
function routeHandlerOf(request: object, context: ExecutionContext): RouteHandler {
  const handler = adapterOf(request).routeHandler(request);
  if (handler !== undefined) return handler;
  throw new FuturesContextError(
    `${context.getClass().name}.${context.getHandler().name} cannot be replayed with replay: 'request', ` +
      `because the HTTP adapter does not tell the route's handler. Use replay: 'handler'.`,
  );
}
