import type { ExecutionContext } from '@nestjs/common';
import { useFuturesOptions, type UseFuturesOptions } from '../decorators/use-futures.decorator.js';
import { given } from '../options-check.js';
import { isReplayed, isSse } from './futures-handlers.js';
import { viewOf } from './page-rendering.js';

/** What the decorators of a route, and of its controller, say of its replay. */
export interface RouteTraits {
  /** Whether it is replayed when it leaves futures pending. */
  readonly isReplayed: boolean;
  /** Whether it streams events. */
  readonly isSse: boolean;
  /** Name of the template that it renders, if it does. */
  readonly view: string | undefined;
  /** By `@UseFutures()` on the route, else on its controller; what is not there is as the module says. */
  readonly options: UseFuturesOptions;
}

type Class = ReturnType<ExecutionContext['getClass']>;

/**
 * Reads the traits of each route once: metadata that is not there is looked for along a chain of
 * prototypes, each time.
 *
 * @internal
 */
export class RouteTraitsReader {
  readonly #known = new WeakMap<object, WeakMap<Class, RouteTraits>>();

  read(context: ExecutionContext): RouteTraits {
    const handler = context.getHandler();
    // An inherited handler is a route of several controllers.
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
