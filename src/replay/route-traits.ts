import { SetMetadata, type CustomDecorator, type ExecutionContext } from '@nestjs/common';
import {
  duration,
  given,
  integer,
  is,
  oneOf,
  optional,
  resolve,
  type Given,
} from '../errors/options.js';
import { viewOf } from '../http/page-rendering.js';
import {
  REPLAY_MODES,
  UNREAD_MODES,
  type ReplayMode,
  type UnreadMode,
} from '../request/futures.options.js';

const OPTIONS = {
  /** What runs again on a replay, see `ReplayMode`. Default: the module's option `replay`. */
  replay: optional<ReplayMode>(oneOf(REPLAY_MODES)),
  /** Maximum number of passes, retries included. Default: the module's `maxPasses`. */
  maxPasses: optional<number>(integer(1)),
  /** How long a task may run, in ms, not counting the queue. Default: the module's `timeout`. */
  timeout: optional<number>(duration()),
  /**
   * How long after the start of the request its futures are useful, in ms: one that would be late
   * is refused (503), or not started (504). Default: none.
   */
  deadline: optional<number>(duration()),
  /** What happens to keys that the published pass leaves unread. Default: the module's `unread`. */
  unread: optional<UnreadMode>(oneOf(UNREAD_MODES)),
  /**
   * Whether to replay a request that failed with this error, with the values that it already has.
   * For transactions that the database refused because of another one. The failed run is a
   * discarded pass: its hooks run, and it counts as one of `maxPasses`. The replay starts at once,
   * without a delay. The error of the last pass is published. If this function throws, its error is
   * logged, and the request fails with the original one. Default: no error is retried.
   *
   * A request is not replayed once part of its response has been sent, or once its value has passed
   * this module: an interceptor commits before it passes the value on.
   *
   * @example
   * ```ts
   * const conflicts = new Set(['40001', '40P01']);
   *
   * @UseFutures({ retryOn: (error) => conflicts.has((error as { code?: string }).code ?? ''), maxPasses: 10 })
   * ```
   */
  retryOn: optional<(error: unknown) => boolean>(is.function),
};

/**
 * Options of `@UseFutures()`. An option that is left out, or undefined, is taken from the
 * controller, then from the module.
 */
export type UseFuturesOptions = Given<typeof OPTIONS>;

const USE_FUTURES = 'nestjs-futures:use';

/**
 * Stores options on a route or a controller.
 *
 * @throws FuturesOptionsError if an option is unknown or has an invalid value
 * @internal
 */
export function setRouteOptions(options: UseFuturesOptions): CustomDecorator {
  resolve(OPTIONS, options, '@UseFutures()', '@UseFutures() ');
  return SetMetadata(USE_FUTURES, options);
}

/** The options on a class or a handler; undefined if it has none. @internal */
export function useFuturesOptions(target: object): UseFuturesOptions | undefined {
  return Reflect.getMetadata(USE_FUTURES, target) as UseFuturesOptions | undefined;
}

const FUTURES_PARAMETERS = 'nestjs-futures:parameters';

/**
 * What a parameter decorator needs from its handler's interceptors. `replayed`: that they replay;
 * `declared`: nothing over HTTP, a ledger on other transports.
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

const REPLAYED = 'nestjs-futures:replayed';

/** Marks a handler as one that is replayed in some app. @internal */
export function markReplayed(handler: object): void {
  Reflect.defineMetadata(REPLAYED, true, handler);
}

/** @internal */
export function isReplayed(handler: object): boolean {
  return Reflect.hasMetadata(REPLAYED, handler);
}

/** Key of Nest's metadata of `@Sse()` on a handler (`SSE_METADATA`). */
const SSE_METADATA = '__sse__';

/** Whether the handler streams events. @internal */
export function isSse(handler: object): boolean {
  return Reflect.hasMetadata(SSE_METADATA, handler);
}

/** What the decorators of a route, and of its controller, say about its replay. */
export interface RouteTraits {
  /** Whether it is replayed when it leaves futures pending. */
  readonly isReplayed: boolean;
  /** Whether it streams events. */
  readonly isSse: boolean;
  /** Name of the template that it renders, if any. */
  readonly view: string | undefined;
  /** From `@UseFutures()` on the route, else on its controller. The module's apply to the rest. */
  readonly options: UseFuturesOptions;
}

type Class = ReturnType<ExecutionContext['getClass']>;

/**
 * Reads the traits of each route only once, since every lookup of missing metadata walks a chain of
 * prototypes.
 *
 * @internal
 */
export class RouteTraitsReader {
  readonly #known = new WeakMap<object, WeakMap<Class, RouteTraits>>();

  read(context: ExecutionContext): RouteTraits {
    const handler = context.getHandler();
    // An inherited handler can be a route of several controllers.
    const owner = context.getClass();
    let ofHandler = this.#known.get(handler);
    if (ofHandler === undefined) this.#known.set(handler, (ofHandler = new WeakMap()));
    let traits = ofHandler.get(owner);
    if (traits === undefined) {
      traits = {
        isReplayed: isReplayed(handler),
        isSse: isSse(handler),
        view: viewOf(handler),
        options: {
          ...given(useFuturesOptions(owner) ?? {}),
          ...given(useFuturesOptions(handler) ?? {}),
        },
      };
      ofHandler.set(owner, traits);
    }
    return traits;
  }
}
