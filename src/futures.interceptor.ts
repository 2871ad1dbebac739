import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Observable } from 'rxjs';
import { useFuturesOptions, type ReplayMode } from './decorators/use-futures.decorator.js';
import { FuturesRuntime } from './futures.runtime.js';
import type { Ledger } from './ledger/ledger.js';
import { activeLedger, httpRequestOf, openLedger } from './ledger/request-ledger.js';
import { PageRendering } from './replay/page-rendering.js';
import { PassLoop } from './replay/pass-loop.js';
import { RequestReplay } from './replay/request-replay.js';

/**
 * Replays a request for as long as it leaves futures pending. The module puts it outside every
 * other interceptor of the routes that use futures.
 *
 * @internal
 */
@Injectable()
export class FuturesInterceptor implements NestInterceptor {
  #runtime: FuturesRuntime | undefined;

  /*
   * The runtime is looked up, not injected: the class is left in the metadata of controllers, so
   * Nest makes an instance in any module of any app that has such a controller.
   */
  constructor(private readonly moduleRef: ModuleRef) {}

  /** @throws UnknownElementException, of Nest, in an app without FuturesModule */
  get runtime(): FuturesRuntime {
    this.#runtime ??= this.moduleRef.get<FuturesRuntime>(FuturesRuntime, { strict: false });
    return this.#runtime;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = httpRequestOf(context);
    const known = activeLedger(context);
    // Installed before global interceptors, or by hand, as well: the outer one does the work.
    if (known?.request === (request ?? context) && known.pass.isRunning) return next.handle();
    if (request === undefined) return this.#run(this.#open(context, context), context, next);
    // A clone of a request that is replayed: its ledger goes on.
    const isReplay = known?.request !== undefined && known.pass.isRunning;
    if (isReplay) known.request = request;
    return this.#run(isReplay ? known : this.#open(context, request), context, next);
  }

  #open(context: ExecutionContext, request: object): Ledger {
    const ledger = openLedger(this.runtime, context);
    ledger.request = request;
    ledger.restoreHead = ledger.head.remember();
    return ledger;
  }

  #run(ledger: Ledger, context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const page = PageRendering.of(context);
    const handler = page === undefined ? next : { handle: () => page.perform(next.handle()) };
    const isCloned = this.#replayMode(context) === 'request' && context.getType() === 'http';
    const replay = isCloned ? new RequestReplay(context) : undefined;
    return new Observable((subscriber) => {
      const loop = new PassLoop(ledger, context, handler, replay, subscriber);
      loop.start();
      return () => loop.stop();
    });
  }

  #replayMode(context: ExecutionContext): ReplayMode {
    return (
      useFuturesOptions(context.getHandler())?.replay ??
      useFuturesOptions(context.getClass())?.replay ??
      this.runtime.options.replay
    );
  }
}
