import { setRouteOptions, type UseFuturesOptions } from '../replay/route-traits.js';

/**
 * Makes a route, or every route of a controller, replayable if the module cannot see that it uses
 * futures (if its code gets `FuturesService` from `ModuleRef`, for instance), or sets how it is
 * replayed. Options on a route override those on its controller.
 *
 * @throws FuturesOptionsError if an option is unknown or has an invalid value
 *
 * @publicApi
 */
export function UseFutures(options: UseFuturesOptions = {}): ClassDecorator & MethodDecorator {
  return setRouteOptions(options);
}
