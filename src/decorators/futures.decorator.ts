import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { FuturesService } from '../futures.service.js';
import { ledgerFor } from '../request/request-ledger.js';
import { markFutures } from '../replay/route-traits.js';

const inject = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const ledger = ledgerFor(context);
  return new FuturesService(() => ledger);
});

/**
 * Passes a handler the request's `FuturesService`, without making its controller request-scoped.
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
    if (method !== undefined) {
      markFutures(target, method, 'replayed');
      hideType(target, method, index);
    }
    inject()(target, method, index);
  };
}

/** Hides the type, so that no pipe takes the service for data and recreates it (ValidationPipe). */
function hideType(target: object, method: string | symbol, index: number): void {
  const types: unknown = Reflect.getMetadata('design:paramtypes', target, method);
  if (!Array.isArray(types)) return;
  Reflect.defineMetadata('design:paramtypes', types.with(index, Object), target, method);
}
