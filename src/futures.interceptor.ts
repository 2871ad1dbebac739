import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Observable } from 'rxjs';
import { useFuturesOptions, type ReplayMode } from './decorators/use-futures.decorator.js';
import { FuturesRuntime } from './futures.runtime.js';
import type { Ledger } from './ledger/ledger.js';
import { ledgerOf, openLedger, requestOf } from './ledger/request-ledger.js';
import { PassLoop } from './replay/pass-loop.js';
import { PageRendering } from './replay/page-rendering.js';
import { RequestReplay } from './replay/request-replay.js';

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
    const known = ledgerOf(request);
    // Installed by the module and by hand: the outer one does the work.
    if (known?.request === request && known.isRunning) return next.handle();
    const ledger = known?.isRunning === true ? known : this.#open(context);
    ledger.request = request;
    const page = PageRendering.of(context);
    const pass = page === undefined ? next : { handle: () => page.perform(next.handle()) };
    const replay = this.#replayMode(context) === 'request' ? new RequestReplay(context) : undefined;
    return new Observable((subscriber) => {
      const loop = new PassLoop(ledger, pass, replay, subscriber);
      loop.start();
      return () => loop.stop();
    });
  }

  #open(context: ExecutionContext): Ledger {
    const ledger = openLedger(this.runtime, context);
    ledger.head.remember();
    return ledger;
  }

  #replayMode(context: ExecutionContext): ReplayMode {
    return (
      useFuturesOptions(context.getHandler())?.replay ??
      useFuturesOptions(context.getClass())?.replay ??
      this.runtime.options.replay
    );
  }
}
