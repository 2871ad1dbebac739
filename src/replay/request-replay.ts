import type { ExecutionContext } from '@nestjs/common';
import { FuturesContextError } from '../errors/index.js';
import type { Ledger } from '../ledger/ledger.js';
import { attachLedger } from '../ledger/request-ledger.js';
import { keepParsedUpload } from './spent-body.js';

type RouteHandler = (request: object, response: object, next: unknown) => unknown;

interface ExpressRequest {
  readonly method: string;
  readonly route?: {
    readonly stack: readonly { readonly method?: string; handle: RouteHandler }[];
  };
}

interface FastifyRequest {
  readonly routeOptions?: { readonly handler?: RouteHandler };
}

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

  /** Hands a clone of the request to its route. Its outcome is written to the response by Nest. */
  dispatch(ledger: Ledger): void {
    const clone: object = Object.create(
      Object.getPrototypeOf(this.#request) as object,
      this.#pristine,
    ) as object;
    keepParsedUpload(clone, this.#request);
    attachLedger(clone, ledger);
    const response = this.#context.getArgByIndex<object>(1);
    const next = this.#context.getArgByIndex<unknown>(2);
    routeHandlerOf(this.#request, this.#context)(clone, response, next);
  }
}

/** @throws FuturesContextError if the adapter does not tell */
function routeHandlerOf(request: object, context: ExecutionContext): RouteHandler {
  const { route, method } = request as ExpressRequest;
  const { routeOptions } = request as FastifyRequest;
  const layer = route?.stack.findLast(
    (each) => each.method === undefined || each.method === method.toLowerCase(),
  );
  const handler = routeOptions?.handler ?? (layer ?? route?.stack.at(-1))?.handle;
  if (handler !== undefined) return handler;
  throw new FuturesContextError(
    `${context.getClass().name}.${context.getHandler().name} cannot be replayed with replay: 'request', ` +
      `because the HTTP adapter does not tell the route's handler. Use replay: 'handler'.`,
  );
}
