import { SetMetadata } from '@nestjs/common';

const USE_FUTURES = 'nestjs-futures:use';

/**
 * Puts a route, or every route of a controller, under replay where the module cannot see that it
 * uses futures: code that gets `FuturesService` from `ModuleRef`, for instance.
 *
 * @publicApi
 */
export function UseFutures(): ClassDecorator & MethodDecorator {
  return SetMetadata(USE_FUTURES, true);
}

/** @internal */
export function hasUseFutures(target: object): boolean {
  return Reflect.hasMetadata(USE_FUTURES, target);
}

const FUTURES_PARAMETERS = 'nestjs-futures:parameters';

/** Notes on a method that a parameter decorator of it needs replay. @internal */
export function markReplayed(prototype: object, method: string | symbol): void {
  Reflect.defineMetadata(FUTURES_PARAMETERS, true, prototype, method);
}

/** @internal */
export function isMarkedReplayed(prototype: object, method: string | symbol): boolean {
  return Reflect.hasMetadata(FUTURES_PARAMETERS, prototype, method);
}
