import type { ExecutionContext } from '@nestjs/common';
import { FuturesContextError } from '../errors/index.js';
import { runtimeOf, type FuturesRuntime } from '../futures.runtime.js';
import { responseHeadOf } from '../replay/response-head.js';
import { ClientConnection } from './client-connection.js';
import { Ledger } from './ledger.js';

const LEDGER = Symbol('nestjs-futures.ledger');

interface WithLedger {
  [LEDGER]?: Ledger;
}

/** The ledger of a request, if one was attached. @internal */
export function ledgerOf(request: object): Ledger | undefined {
  return (request as WithLedger)[LEDGER];
}

/** @internal */
export function attachLedger(request: object, ledger: Ledger): void {
  (request as WithLedger)[LEDGER] = ledger;
}

/** @throws FuturesContextError outside HTTP @internal */
export function requestOf(context: ExecutionContext): object {
  if (context.getType() === 'http') return context.getArgByIndex<object>(0);
  throw new FuturesContextError(
    `Futures were used in a context of type "${context.getType()}"; only "http" is supported.`,
  );
}

/** Opens the ledger of a request. @internal */
export function openLedger(runtime: FuturesRuntime, context: ExecutionContext): Ledger {
  const response = context.getArgByIndex<{ raw?: object }>(1);
  const client = new ClientConnection(response.raw ?? response);
  const ledger = new Ledger(runtime, client, responseHeadOf(response));
  attachLedger(requestOf(context), ledger);
  return ledger;
}

/**
 * The ledger of the current request, for parameter decorators. Where only declared futures are
 * used, no interceptor has made one, and it is made here.
 *
 * @throws FuturesContextError if the module is not imported
 * @internal
 */
export function ledgerFor(context: ExecutionContext): Ledger {
  const request = requestOf(context);
  const known = ledgerOf(request);
  if (known !== undefined) return known;
  const runtime = runtimeOf(request);
  if (runtime === undefined) {
    throw new FuturesContextError(
      `${context.getClass().name}.${context.getHandler().name} uses futures, but FuturesModule is not part of this app. ` +
        `Import FuturesModule.forRoot() in the root module.`,
    );
  }
  return openLedger(runtime, context);
}
