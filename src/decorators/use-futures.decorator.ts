import { setRouteOptions, type UseFuturesOptions } from '../replay/route-traits.js';

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
  return setRouteOptions(options);
}
