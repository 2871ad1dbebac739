import { ModulesContainer } from '@nestjs/core';
import { isMarkedReplayed, useFuturesOptions } from '../decorators/use-futures.decorator.js';
import { FuturesService } from '../futures.service.js';

type HostModule = NonNullable<ReturnType<ModulesContainer['get']>>;
type Wrapper = NonNullable<ReturnType<HostModule['controllers']['get']>>;
type Handler = (...args: never[]) => unknown;

/** A route that uses futures. */
export interface FuturesRoute {
  readonly module: HostModule;
  readonly controller: new (...args: never[]) => object;
  readonly handler: Handler;
}

/** Key of Nest's route metadata on a handler (`PATH_METADATA`). */
const PATH_METADATA = 'path';

/**
 * Finds the routes that use futures: by `@Futures()` or `@Future('key')` on a parameter, by
 * `@UseFutures()`, or because `FuturesService` is somewhere among what the controller or its
 * guards, pipes and interceptors inject.
 *
 * @internal
 */
export function findFuturesRoutes(modules: ModulesContainer): FuturesRoute[] {
  const routes: FuturesRoute[] = [];
  for (const module of modules.values()) {
    for (const wrapper of module.controllers.values()) {
      const controller = wrapper.metatype as FuturesRoute['controller'] | null;
      if (controller === null) continue;
      const isWhole = useFuturesOptions(controller) !== undefined || dependsOnFutures(wrapper);
      for (const [name, handler] of handlersOf(controller.prototype as object)) {
        const isMarked =
          useFuturesOptions(handler) !== undefined ||
          isMarkedReplayed(controller.prototype as object, name);
        if (isWhole || isMarked) routes.push({ module, controller, handler });
      }
    }
  }
  return routes;
}

/** The route handlers of a controller, inherited ones included. */
function* handlersOf(prototype: object): Generator<[string, Handler]> {
  const seen = new Set<string>();
  for (let proto = prototype; proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
      // The class, which `constructor` leads to, carries route metadata too.
      if (name === 'constructor' || seen.has(name)) continue;
      seen.add(name);
      if (typeof value === 'function' && Reflect.hasMetadata(PATH_METADATA, value)) {
        yield [name, value as Handler];
      }
    }
  }
}

function dependsOnFutures(wrapper: Wrapper, visited = new Set<Wrapper>()): boolean {
  if (wrapper.token === FuturesService) return true;
  if (visited.has(wrapper)) return false;
  visited.add(wrapper);
  const dependencies = [
    ...(wrapper.getCtorMetadata() ?? []),
    ...(wrapper.getPropertiesMetadata() ?? []).map((property) => property.wrapper),
    ...(wrapper.getEnhancersMetadata() ?? []),
  ];
  return dependencies.some(
    (dependency) => dependency !== undefined && dependsOnFutures(dependency, visited),
  );
}
