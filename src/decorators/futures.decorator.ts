import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { FuturesService } from '../futures.service.js';
import { ledgerFor } from '../ledger/request-ledger.js';
import { markFutures } from './use-futures.decorator.js';

const inject = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const ledger = ledgerFor(context);
  return new FuturesService(() => ledger);
});

/**
 * Gives a handler the request's `FuturesService`, without making its controller request-scoped.
 *
 * @example
 * ```ts
 * @Get()
 * page(@Futures() futures: FuturesService) {
 *   return futures.resultOrSubmit('chart', '', tasks.renderChart, 'stocks');
 * }
 * ```
 *
 * @publicApi
 */
export function Futures(): ParameterDecorator {
  return (target, method, index) => {
    if (method !== undefined) markFutures(target, method, 'replayed');
    inject()(target, method, index);
  };
}
