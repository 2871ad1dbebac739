import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Observable } from 'rxjs';
import { activeLedger } from './ledger/request-ledger.js';
import { PageRendering } from './replay/page-rendering.js';
import { destroyBody } from './replay/discarded-body.js';

/**
 * Turns the outcome of a handler that left futures pending into an error, so that every interceptor
 * around it sees a failed run: transactions roll back, nothing is cached or counted as a success.
 * The module puts it inside every other interceptor. It keeps no state: one serves all apps.
 *
 * @internal
 */
export class BarrierInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const ledger = activeLedger(context);
    if (ledger === undefined) return next.handle();
    const page = PageRendering.of(context);
    return new Observable((subscriber) => {
      const outcome = page === undefined ? next.handle() : page.rehearse(next.handle());
      return outcome.subscribe({
        next: (value) => {
          ledger.pass.outcome = { value };
          const rejection = ledger.pass.rejection();
          if (rejection === undefined) {
            subscriber.next(value);
            return;
          }
          destroyBody(value);
          subscriber.error(rejection);
        },
        error: (error) => {
          ledger.pass.outcome = { error };
          subscriber.error(ledger.pass.rejection(error) ?? error);
        },
        complete: () => {
          const rejection = ledger.pass.rejection();
          if (rejection === undefined) subscriber.complete();
          else subscriber.error(rejection);
        },
      });
    });
  }
}
