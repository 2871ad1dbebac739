import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Observable } from 'rxjs';
import { FuturesRuntime } from './futures.runtime.js';
import { Ledger } from './ledger/ledger.js';
import { attachLedger, clientOf, ledgerOf, requestOf } from './ledger/request-ledger.js';
import { PassLoop } from './replay/pass-loop.js';
import { captureResponseHead } from './replay/response-head.js';

/**
 * Replays a request for as long as it leaves futures pending. The module puts it outside every
 * other interceptor of the routes that use futures.
 *
 * @internal
 */
@Injectable()
export class FuturesInterceptor implements NestInterceptor {
  constructor(private readonly runtime: FuturesRuntime) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = requestOf(context);
    if (ledgerOf(request)?.isRunning === true) return next.handle();
    const ledger = new Ledger(this.runtime, clientOf(context), true);
    attachLedger(request, ledger);
    const head = captureResponseHead(context.getArgByIndex<object>(1));
    return new Observable((subscriber) => {
      const loop = new PassLoop(ledger, head, next, subscriber);
      loop.start();
      return () => loop.stop();
    });
  }
}
