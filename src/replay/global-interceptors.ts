import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { from, isObservable, mergeAll, type Observable } from 'rxjs';
import { judged } from '../barrier.interceptor.js';
import type { FuturesInterceptor } from '../futures.interceptor.js';
import { activeLedger } from '../ledger/request-ledger.js';
import { isReplayed } from './futures-handlers.js';

/** @internal */
export function hasGlobalInterceptors(config: ApplicationConfig): boolean {
  return (
    config.getGlobalInterceptors().length > 0 || config.getGlobalRequestInterceptors().length > 0
  );
}

/**
 * Puts ours before the global interceptors, and a barrier inside each of them, for the handlers that
 * are replayed.
 *
 * Global interceptors stand on every route. So that routes without futures keep just what the app
 * gave them, nothing is added to the list: those in it are replaced by ones that do the same, and
 * ours as well where the handler is replayed.
 *
 * @internal
 */
export function precedeGlobalInterceptors(
  config: ApplicationConfig,
  futures: FuturesInterceptor,
): void {
  const globals = config.getGlobalInterceptors();
  // Request-scoped ones come after: Nest keeps wrappers, and asks them for each request's instance.
  const scoped = config.getGlobalRequestInterceptors();
  globals.forEach((each, i) => {
    globals[i] = extended(each, i === 0 ? futures : undefined);
  });
  scoped.forEach((wrapper, i) => {
    const first = i === 0 && globals.length === 0 ? futures : undefined;
    scoped[i] = Object.create(wrapper, {
      getInstanceByContextId: {
        value: (...args: Parameters<typeof wrapper.getInstanceByContextId>) => {
          const host = wrapper.getInstanceByContextId(...args);
          return host?.instance && { ...host, instance: extended(host.instance, first) };
        },
      },
    }) as typeof wrapper;
  });
}

/** The same interceptor, but for handlers that are replayed: there with a barrier inside, and ours before. */
function extended(
  interceptor: NestInterceptor,
  futures: FuturesInterceptor | undefined,
): NestInterceptor {
  const intercept = (context: ExecutionContext, next: CallHandler) => {
    // By its metadata: what traces handlers (OpenTelemetry) puts a function of its own in its place.
    if (!isReplayed(context.getHandler())) return interceptor.intercept(context, next);
    const handle = () => flatten(interceptor.intercept(context, behindBarrier(context, next)));
    return futures === undefined ? handle() : futures.intercept(context, { handle });
  };
  return Object.create(interceptor, { intercept: { value: intercept } }) as NestInterceptor;
}

function behindBarrier(context: ExecutionContext, next: CallHandler): CallHandler {
  return {
    handle: () => {
      const ledger = activeLedger(context);
      return ledger === undefined ? next.handle() : judged(ledger, next.handle());
    },
  };
}

function flatten(result: Observable<unknown> | Promise<Observable<unknown>>): Observable<unknown> {
  return isObservable(result) ? result : from(result).pipe(mergeAll());
}
