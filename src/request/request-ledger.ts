import { AsyncLocalStorage } from 'node:async_hooks';
import type { ExecutionContext } from '@nestjs/common';
import { FuturesContextError } from '../errors/index.js';
import { headOf, rawOf } from '../http/adapter.js';
import { ClientConnection } from '../http/client-connection.js';
import { type FuturesRuntime, runtimeOf } from './futures.runtime.js';
import type { SharedState } from './future-store.js';
import { Ledger } from './ledger.js';
import { reportOf } from './report.js';

/** Known to all copies of this package, so that `passOf()` of another one works. */
const LEDGER = Symbol.for('nestjs-futures.ledger');
const SHARED = Symbol('nestjs-futures.shared');

/** The object that holds a ledger: the HTTP request or, in GraphQL, the info object of a field. */
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

/** The HTTP request; undefined on other transports. @internal */
export function httpRequestOf(context: ExecutionContext): object | undefined {
  return context.getType() === 'http' ? context.getArgByIndex<object>(0) : undefined;
}

/** The ledger that the interceptors of this context work with, if there is one. @internal */
export function activeLedger(context: ExecutionContext): Ledger | undefined {
  const request = httpRequestOf(context);
  if (request !== undefined) return ledgerOf(request);
  return ledgerOf(fieldOf(context)) ?? currentLedger();
}

/** The info object of a GraphQL field. Each resolver call gets a new one, interceptors or not. */
function fieldOf(context: ExecutionContext): object | undefined {
  return context.getType<string>() === 'graphql' ? context.getArgByIndex<object>(3) : undefined;
}

/**
 * Opens a ledger for an HTTP request, a GraphQL resolver or a message of another transport. It is
 * found again through the request over HTTP, the field in GraphQL, the async context elsewhere.
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
    context,
    client: ClientConnection.of(rawOf(response)),
    // All resolvers of a GraphQL request share one response head, so none of them may restore it.
    head: headOf(type === 'http' ? response : undefined),
    shared: graphql && (graphql[SHARED] ??= { futures: new Map(), kept: new Map() }),
  });
  const carrier = httpRequestOf(context) ?? fieldOf(context);
  if (carrier !== undefined) attachLedger(carrier, ledger);
  runtime.overrides?.watch(() => reportOf(ledger));
  return ledger;
}

/**
 * The ledger of the current pass, for parameter decorators. If a handler uses only declared
 * futures, no interceptor has opened a ledger, so this function opens one.
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

/** What the async context holds: a pass, and whether it was discarded. */
export interface CurrentPass {
  readonly ledger: Ledger;
  /** Whether the pass was discarded. */
  isDiscarded: boolean;
}

/**
 * The pass that the current code belongs to. For code that cannot find its ledger through a
 * request: the singleton `FuturesService`, and everything outside HTTP.
 *
 * On Node 20 and 22 it is entered only for these, since a store that was ever entered slows down
 * every promise of the process there. It holds no state itself, so apps share nothing through it.
 *
 * @internal
 */
export const currentPass = new AsyncLocalStorage<CurrentPass>();

/** The ledger of the current pass, if there is one. @internal */
function currentLedger(): Ledger | undefined {
  return currentPass.getStore()?.ledger;
}

/**
 * The current pass of an HTTP request, from 1; for a request that has ended, its last pass. It is 1
 * if nothing was replayed, and before pass 1 begins: in middleware, and in guards with
 * `replay: 'handler'`, which run once.
 *
 * For what an interceptor adds once per pass, such as a listener on the response: only the listener
 * of the last pass is for the response that was sent.
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
