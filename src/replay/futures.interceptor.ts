import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Observable } from 'rxjs';
import { FuturesRuntime } from '../request/futures.runtime.js';
import type { Ledger } from '../request/ledger.js';
import { activeLedger, httpRequestOf, openLedger } from '../request/request-ledger.js';
import { PageRendering } from '../http/page-rendering.js';
import { PassLoop } from './pass-loop.js';
import { RequestReplay } from './request-replay.js';
import { RouteTraitsReader } from './route-traits.js';

/**
 * Replays a request for as long as it leaves futures pending. The module installs it outside all
 * other interceptors of the routes that use futures.
 *
 * @internal
 */
@Injectable()
export class FuturesInterceptor implements NestInterceptor {
  #runtime: FuturesRuntime | undefined;
  #isLookedUp = false;
  readonly #routes = new RouteTraitsReader();

  /*
   * The runtime is looked up, not injected. The class stays in the metadata of controllers, so Nest
   * creates an instance in every module of every app that has such a controller.
   */
  constructor(private readonly moduleRef: ModuleRef) {}

  /** Undefined in an app without FuturesModule. */
  get runtime(): FuturesRuntime | undefined {
    if (!this.#isLookedUp) {
      this.#isLookedUp = true;
      this.#runtime = find(this.moduleRef);
    }
    return this.#runtime;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { runtime } = this;
    // The class has this interceptor, but this handler is not replayed, or only in another app.
    if (runtime === undefined || !this.#routes.read(context).isReplayed) return next.handle();
    const request = httpRequestOf(context);
    const known = activeLedger(context);
    // It is also installed before global interceptors, or by hand: the outer one does the work.
    if (known?.request === (request ?? context) && known.pass.isRunning) return next.handle();
    // This is the clone of a replayed request: its ledger goes on.
    const isReplay = request !== undefined && known?.request !== undefined && known.pass.isRunning;
    const ledger = isReplay ? known : openLedger(runtime, context);
    ledger.request = request ?? context;
    if (!isReplay) ledger.restoreHead = ledger.head.remember();
    return this.#run(ledger, context, next);
  }

  #run(ledger: Ledger, context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { view, isSse, options } = this.#routes.read(context);
    ledger.route = options;
    const page = view === undefined ? undefined : PageRendering.of(context, view);
    const handler = page === undefined ? next : { handle: () => page.perform(next.handle()) };
    // An event stream sends its head during its first pass, and Nest cannot start it again.
    const isCloned =
      (options.replay ?? ledger.runtime.options.replay) === 'request' &&
      context.getType() === 'http' &&
      !isSse;
    const request = isCloned ? new RequestReplay(context) : undefined;
    return new Observable((subscriber) => {
      const loop = new PassLoop(
        { ledger, context, handler, request, isSse, route: options },
        subscriber,
      );
      loop.start();
      return () => loop.stop();
    });
  }
}

function find(moduleRef: ModuleRef): FuturesRuntime | undefined {
  try {
    return moduleRef.get<FuturesRuntime>(FuturesRuntime, { strict: false });
  } catch {
    return undefined;
  }
}
