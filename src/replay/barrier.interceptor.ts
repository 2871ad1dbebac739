import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Observable, tap } from 'rxjs';
import type { Ledger } from '../request/ledger.js';
import { activeLedger, httpRequestOf } from '../request/request-ledger.js';
import { destroyBody } from '../http/discarded-body.js';
import { begun } from './lazy-body.js';
import { PageRendering } from '../http/page-rendering.js';
import { dropRejection } from '../http/uploads.js';

/**
 * Turns the outcome of a pass that left futures pending into an error, so that every interceptor
 * around it sees a failed run: transactions roll back, nothing is cached or counted as a success.
 *
 * One barrier stands inside all other interceptors, and one between each two of these: an
 * interceptor that swallows the error must not make the run a success for the next one.
 * Barriers keep no state, so all apps use the same ones.
 *
 * @internal
 */
export class BarrierInterceptor implements NestInterceptor {
  constructor(private readonly isInnermost: boolean) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const ledger = activeLedger(context);
    if (ledger === undefined) return next.handle();
    if (!this.isInnermost) return judged(ledger, next.handle());
    ledger.hasBarrier = true;
    ledger.pass.handlerRan = true;
    const request = httpRequestOf(context);
    if (request === undefined) return judged(ledger, noted(ledger, next.handle(), request));
    const page = PageRendering.of(context);
    const outcome = page === undefined ? next.handle() : page.renderInPass(next.handle());
    return judged(ledger, noted(ledger, begun(ledger, outcome), request));
  }
}

/** The same outcome, or an error if this pass must not be published. @internal */
export function judged(ledger: Ledger, outcome: Observable<unknown>): Observable<unknown> {
  return new Observable((subscriber) =>
    outcome.subscribe({
      next: (value) => {
        const rejection = ledger.pass.rejection();
        if (rejection === undefined) {
          subscriber.next(value);
          return;
        }
        destroyBody(value);
        subscriber.error(rejection);
      },
      error: (error) => subscriber.error(ledger.pass.rejection(error) ?? error),
      complete: () => {
        const rejection = ledger.pass.rejection();
        if (rejection === undefined) subscriber.complete();
        else subscriber.error(rejection);
      },
    }),
  );
}

/** Notes the handler's own value or error. */
function noted(
  { pass }: Ledger,
  outcome: Observable<unknown>,
  request: object | undefined,
): Observable<unknown> {
  return outcome.pipe(
    tap({
      next: (value) => (pass.outcome = { value }),
      error: (error: unknown) => {
        pass.outcome = { error };
        if (pass.mustDiscard && request !== undefined) dropRejection(request);
      },
    }),
  );
}
