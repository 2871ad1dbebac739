import { SetMetadata } from '@nestjs/common';
import { UNREAD_MODES, type UnreadMode } from '../ledger/unread-mode.js';
import { check, checkKnown } from '../options-check.js';

/**
 * What runs again on a replay. `handler`: inner interceptors, pipes, parameter decorators and the
 * handler. `request`: a clone of the request, in a request scope of its own, goes through guards
 * as well; middleware is not run again.
 */
export type ReplayMode = 'handler' | 'request';

/**
 * Options of {@link UseFutures}. One that is left out, or undefined, is that of the controller, and
 * then that of the module.
 */
export interface UseFuturesOptions {
  /** What runs again on a replay, see `ReplayMode`. Default: the module's option `replay`. */
  readonly replay?: ReplayMode | undefined;
  /** Passes of one request, retries included. Default: the module's option `maxPasses`. */
  readonly maxPasses?: number | undefined;
  /** How long a task may run, in ms; the wait in the queue does not count. Default: the module's option `timeout`. */
  readonly timeout?: number | undefined;
  /** What happens to values that the published pass did not ask for. Default: the module's option `unread`. */
  readonly unread?: UnreadMode | undefined;
  /**
   * Whether a request that failed with this error is replayed, with the values that it has: for
   * transactions that the database refused because of another one. The failed run is a discarded
   * pass: its hooks run, and it counts as one of `maxPasses`. It is replayed at once, without a
   * delay. The error of the last pass is published. If this function throws, that is logged, and the
   * request fails with its own error. Default: no error is.
   *
   * A request is not replayed once something of its response has been sent, or its value has passed
   * this module: an interceptor commits before it passes the value on.
   *
   * @example
   * ```ts
   * const conflicts = new Set(['40001', '40P01']);
   *
   * @UseFutures({ retryOn: (error) => conflicts.has((error as { code?: string }).code ?? ''), maxPasses: 10 })
   * ```
   */
  readonly retryOn?: ((error: unknown) => boolean) | undefined;
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
  checkKnown('@UseFutures() ', options, OPTIONS);
  const { replay, maxPasses, timeout, unread, retryOn } = options;
  if (replay !== undefined) check.oneOf('@UseFutures() replay', replay, REPLAY_MODES);
  if (maxPasses !== undefined) check.integer('@UseFutures() maxPasses', maxPasses, 1);
  if (timeout !== undefined) check.duration('@UseFutures() timeout', timeout);
  if (unread !== undefined) check.oneOf('@UseFutures() unread', unread, UNREAD_MODES);
  if (retryOn !== undefined) check.function('@UseFutures() retryOn', retryOn);
  return SetMetadata(USE_FUTURES, options);
}

const OPTIONS: Record<keyof UseFuturesOptions, undefined> = {
  replay: undefined,
  maxPasses: undefined,
  timeout: undefined,
  unread: undefined,
  retryOn: undefined,
};

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
