import { SetMetadata } from '@nestjs/common';
import { check, checkKnown } from '../options-check.js';

/**
 * What runs again on a replay. `handler`: inner interceptors, pipes, parameter decorators and the
 * handler. `request`: a clone of the request, in a request scope of its own, goes through guards
 * as well; middleware is not run again.
 */
export type ReplayMode = 'handler' | 'request';

/** Options of {@link UseFutures}. */
export interface UseFuturesOptions {
  /** Default: the module's option `replay`. */
  readonly replay?: ReplayMode;
}

const USE_FUTURES = 'nestjs-futures:use';

/**
 * Puts a route, or every route of a controller, under replay where the module cannot see that it
 * uses futures (code that gets `FuturesService` from `ModuleRef`, for instance), or says how it is
 * replayed. What stands on a route goes before what stands on its controller.
 *
 * @throws FuturesOptionsError if an option is unknown or has no such value
 *
 * @publicApi
 */
export function UseFutures(options: UseFuturesOptions = {}): ClassDecorator & MethodDecorator {
  check.object('@UseFutures()', options);
  checkKnown('@UseFutures() ', options, { replay: undefined });
  if (options.replay !== undefined) {
    check.oneOf('@UseFutures() replay', options.replay, REPLAY_MODES);
  }
  return SetMetadata(USE_FUTURES, options);
}

/** @internal */
export const REPLAY_MODES: readonly ReplayMode[] = ['handler', 'request'];

/** The options on a class or a handler; undefined if it has none. @internal */
export function useFuturesOptions(target: object): UseFuturesOptions | undefined {
  return Reflect.getMetadata(USE_FUTURES, target) as UseFuturesOptions | undefined;
}

const FUTURES_PARAMETERS = 'nestjs-futures:parameters';

/**
 * What a parameter decorator needs of its handler's interceptors. `replayed`: that they replay;
 * `declared`: nothing over HTTP, a ledger elsewhere.
 */
export type FuturesMark = 'replayed' | 'declared';

/** @internal */
export function markFutures(target: object, method: string | symbol, mark: FuturesMark): void {
  if (futuresMark(target.constructor, method) === 'replayed') return;
  Reflect.defineMetadata(FUTURES_PARAMETERS, mark, target, method);
}

/** @internal */
export function futuresMark(owner: object, method: string | symbol): FuturesMark | undefined {
  const { prototype } = owner as { prototype: object };
  return Reflect.getMetadata(FUTURES_PARAMETERS, prototype, method) as FuturesMark | undefined;
}
