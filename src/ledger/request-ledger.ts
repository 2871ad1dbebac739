import type { ExecutionContext } from '@nestjs/common';
import { FuturesContextError } from '../errors/index.js';
import { runtimeOf, type FuturesRuntime } from '../futures.runtime.js';
import { responseHeadOf } from '../replay/response-head.js';
import { ClientConnection } from './client-connection.js';
import { currentLedger } from './current-pass.js';
import type { Future } from './future.js';
import { Ledger } from './ledger.js';

const LEDGER = Symbol('nestjs-futures.ledger');
const FUTURES = Symbol('nestjs-futures.futures');

/** Where things are kept: on the HTTP request; in GraphQL on a field's info and the context object. */
interface Carrier {
  [LEDGER]?: Ledger;
}

interface GraphqlContext {
  readonly req?: { readonly res?: object };
  readonly res?: object;
  [FUTURES]?: Map<string, Future>;
}

/** The ledger of an HTTP request or a GraphQL field, if one was attached. @internal */
export function ledgerOf(carrier: Carrier | undefined): Ledger | undefined {
  return carrier?.[LEDGER];
}

/** @internal */
export function attachLedger(carrier: object, ledger: Ledger): void {
  (carrier as Carrier)[LEDGER] = ledger;
}

/** The HTTP request; undefined in a message of another transport. @internal */
export function httpRequestOf(context: ExecutionContext): object | undefined {
  return context.getType() === 'http' ? context.getArgByIndex<object>(0) : undefined;
}

/** The ledger that the interceptors of this context work with, if there is one. @internal */
export function activeLedger(context: ExecutionContext): Ledger | undefined {
  const request = httpRequestOf(context);
  if (request !== undefined) return ledgerOf(request);
  return ledgerOf(fieldOf(context)) ?? currentLedger();
}

/** What GraphQL tells a resolver of its field: one object a call, interceptors or not. */
function fieldOf(context: ExecutionContext): object | undefined {
  return context.getType<string>() === 'graphql' ? context.getArgByIndex<object>(3) : undefined;
}

/**
 * Opens a ledger: for an HTTP request, a GraphQL resolver, or a message of another transport. It is
 * found again by the request over HTTP, by the field in GraphQL, by the async context elsewhere.
 *
 * @internal
 */
export function openLedger(runtime: FuturesRuntime, context: ExecutionContext): Ledger {
  const type: string = context.getType();
  const graphql = type === 'graphql' ? context.getArgByIndex<GraphqlContext>(2) : undefined;
  const response: { raw?: object } | undefined =
    type === 'http' ? context.getArgByIndex<object>(1) : (graphql?.res ?? graphql?.req?.res);
  const ledger = new Ledger({
    runtime,
    client: ClientConnection.of(response?.raw ?? response),
    // The head of a GraphQL response belongs to all its resolvers.
    head: responseHeadOf(type === 'http' ? response : undefined),
    futures: graphql && (graphql[FUTURES] ??= new Map()),
  });
  const carrier = httpRequestOf(context) ?? fieldOf(context);
  if (carrier !== undefined) attachLedger(carrier, ledger);
  return ledger;
}

/**
 * The ledger of the current pass, for parameter decorators. Where only declared futures are used,
 * no interceptor has made one, and it is made here.
 *
 * @throws FuturesContextError if the module is not imported, or the handler has no interceptors
 * @internal
 */
export function ledgerFor(context: ExecutionContext): Ledger {
  const known = activeLedger(context);
  if (known?.pass.isRunning === true) return known;
  const server =
    httpRequestOf(context) ??
    (context.getType<string>() === 'graphql'
      ? context.getArgByIndex<GraphqlContext>(2).req
      : undefined);
  const runtime = server && runtimeOf(server);
  if (runtime !== undefined) return openLedger(runtime, context);
  throw new FuturesContextError(
    `${context.getClass().name}.${context.getHandler().name} uses futures, but no pass is running. ` +
      `Import FuturesModule.forRoot() in the root module; outside HTTP put @UseFutures() on the handler ` +
      `(for GraphQL field resolvers, enable their interceptors: fieldResolverEnhancers: ['interceptors']).`,
  );
}
