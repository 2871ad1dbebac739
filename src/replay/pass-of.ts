import { ledgerOf } from '../ledger/request-ledger.js';

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
