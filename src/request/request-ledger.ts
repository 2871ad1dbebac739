import { AsyncLocalStorage } from 'node:async_hooks';
import type { ExecutionContext } from '@nestjs/common';
import { FuturesContextError } from '../errors/index.js';
import { headOf, rawOf } from '../http/adapter.js';
import { ClientConnection } from '../http/client-connection.js';
import { type FuturesRuntime, runtimeOf } from './futures.runtime.js';
import { Ledger, type SharedState } from './ledger.js';

const LEDGER = Symbol('nestjs-futures.ledger');
const SHARED = Symbol('nestjs-futures.shared');

/** Where things are kept: on the HTTP request; in GraphQL on a field's info and the context object. */
interface Carrier {
  [LEDGER]?: Ledger;
}

interface GraphqlContext {
  readonly req?: { readonly res?: object };
  readonly res?: object;
  [SHARED]?: SharedState;
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
  const response =
    type === 'http' ? context.getArgByIndex<object>(1) : (graphql?.res ?? graphql?.req?.res);
  const ledger = new Ledger({
    runtime,
    client: ClientConnection.of(rawOf(response)),
    // The head of a GraphQL response belongs to all its resolvers.
    head: headOf(type === 'http' ? response : undefined),
    shared: graphql && (graphql[SHARED] ??= { futures: new Map(), kept: new Map() }),
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

/** The pass that code belongs to. */
export interface CurrentPass {
  readonly ledger: Ledger;
  /** Whether its outcome was thrown away. */
  isDiscarded: boolean;
}

/**
 * The pass that the current code belongs to, for those who cannot find its ledger by their request:
 * the singleton `FuturesService`, and everything outside HTTP.
 *
 * It is entered only for these: a store that was ever entered slows down every promise of the
 * process on Node 20 and 22. It holds nothing itself, so that apps do not meet in it.
 *
 * @internal
 */
export const currentPass = new AsyncLocalStorage<CurrentPass>();

/** The ledger of the current pass, if there is one. @internal */
export function currentLedger(): Ledger | undefined {
  return currentPass.getStore()?.ledger;
}

/**
 * The pass that an HTTP request is in, from 1; of a request that has ended, its last. It is 1 where
 * nothing was replayed, and before pass 1 begins: in middleware, and in guards with
 * `replay: 'handler'`, which run once.
 *
 * For what an interceptor adds once per pass, such as a listener on the response: only that of the
 * last pass is for the response that was sent.
 *
 * @param request the request that Nest gives: Express's own, or Fastify's (not its `raw`)
 *
 * @example
 * ```ts
 * const pass = passOf(request);
 * response.once('finish', () => {
 *   if (passOf(request) === pass) requests.inc();
 * });
 * ```
 *
 * @publicApi
 */
export function passOf(request: object): number {
  return ledgerOf(request)?.pass.number ?? 1;
}
