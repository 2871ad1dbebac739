import { ModulesContainer } from '@nestjs/core';
import { futuresMark, useFuturesOptions } from '../decorators/use-futures.decorator.js';
import { FuturesService } from '../futures.service.js';

type HostModule = NonNullable<ReturnType<ModulesContainer['get']>>;
/** What Nest knows of a provider or a controller. @internal */
export type Wrapper = Pick<
  NonNullable<ReturnType<HostModule['controllers']['get']>>,
  | 'token'
  | 'scope'
  | 'isFactory'
  | 'metatype'
  | 'getCtorMetadata'
  | 'getPropertiesMetadata'
  | 'getEnhancersMetadata'
>;
type Handler = (...args: never[]) => unknown;

/** A route, resolver, gateway or message handler that uses futures. */
export interface FuturesHandler {
  readonly module: HostModule;
  /** The controller, resolver or gateway. */
  readonly owner: new (...args: never[]) => object;
  readonly handler: Handler;
}

const REPLAYED = 'nestjs-futures:replayed';

/** Notes on a handler that it is replayed, in some app. @internal */
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

/** Key of Nest's route metadata on a handler (`PATH_METADATA`). */
const PATH_METADATA = 'path';

/** Key of Nest's metadata of message and event patterns on a handler (`PATTERN_METADATA`). */
const PATTERN_METADATA = 'microservices:pattern';

/**
 * Finds the routes that use futures: by `@Futures()` or `@Future('key')` on a parameter, by
 * `@UseFutures()`, or because `FuturesService` is somewhere among what the controller or its
 * guards, pipes and interceptors inject. GraphQL resolvers are found in the same way.
 *
 * @internal
 */
export function findFuturesHandlers(modules: ModulesContainer): FuturesHandler[] {
  return find(modules, (owner, name, handler, wrapper) => {
    if (useFuturesOptions(handler) !== undefined || futuresMark(owner, name) === 'replayed') {
      return true;
    }
    return useFuturesOptions(owner) !== undefined || dependsOnFutures(wrapper);
  });
}

/**
 * Finds the handlers of other transports than HTTP that are marked by a decorator: all that is
 * known before Nest makes its message handlers and gateways.
 *
 * @internal
 */
export function findMarkedMessageHandlers(modules: ModulesContainer): FuturesHandler[] {
  return find(
    modules,
    (owner, name, handler) =>
      !isRoute(handler) &&
      [futuresMark(owner, name), useFuturesOptions(handler), useFuturesOptions(owner)].some(
        (mark) => mark !== undefined,
      ),
  );
}

type Test = (
  owner: FuturesHandler['owner'],
  name: string,
  handler: Handler,
  wrapper: Wrapper,
) => boolean;

function find(modules: ModulesContainer, matches: Test): FuturesHandler[] {
  const found: FuturesHandler[] = [];
  for (const module of modules.values()) {
    for (const wrapper of [...module.controllers.values(), ...module.providers.values()]) {
      const owner = wrapper.metatype as FuturesHandler['owner'] | null;
      if (typeof owner !== 'function' || owner.prototype === undefined) continue;
      for (const [name, handler] of handlersOf(owner.prototype as object)) {
        if (matches(owner, name, handler, wrapper)) found.push({ module, owner, handler });
      }
    }
  }
  return found;
}

/** The methods that carry metadata of some decorator, inherited ones included. @internal */
export function* handlersOf(prototype: object): Generator<[string, Handler]> {
  for (const [name, method] of methodsOf(prototype)) {
    if (Reflect.getMetadataKeys(method).length > 0) yield [name, method];
  }
}

/** All methods, inherited ones included. @internal */
export function* methodsOf(prototype: object): Generator<[string, Handler]> {
  const seen = new Set<string>();
  for (
    let proto: object | null = prototype;
    proto !== null && proto !== Object.prototype;
    proto = Object.getPrototypeOf(proto) as object | null
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
      // The class, which `constructor` leads to, is a function too.
      if (name === 'constructor' || seen.has(name)) continue;
      seen.add(name);
      if (typeof value === 'function') yield [name, value as Handler];
    }
  }
}

/** Whether it serves nothing but a path: no resolver, gateway or message handler. @internal */
export function isRoute(handler: object): boolean {
  return (
    Reflect.hasMetadata(PATH_METADATA, handler) && !Reflect.hasMetadata(PATTERN_METADATA, handler)
  );
}

/** Whether `FuturesService` is somewhere among what it injects. */
function dependsOnFutures(wrapper: Wrapper): boolean {
  return wayTo(wrapper, ({ token }) => token === FuturesService) !== undefined;
}

/**
 * The first way over what a provider or controller injects, and its guards, pipes and interceptors,
 * to one that matches: from the provider itself to that one. Undefined if there is none. What
 * `FuturesService` itself injects is left out.
 *
 * @internal
 */
export function wayTo(
  from: Wrapper,
  matches: (wrapper: Wrapper) => boolean,
  visited = new Set<Wrapper>(),
): Wrapper[] | undefined {
  if (matches(from)) return [from];
  visited.add(from);
  if (from.token === FuturesService) return undefined;
  for (const next of dependenciesOf(from)) {
    if (visited.has(next)) continue;
    const way = wayTo(next, matches, visited);
    if (way !== undefined) return [from, ...way];
  }
  return undefined;
}

function dependenciesOf(wrapper: Wrapper): Wrapper[] {
  return [
    ...(wrapper.getCtorMetadata() ?? []),
    ...(wrapper.getPropertiesMetadata() ?? []).map((property) => property.wrapper),
    ...(wrapper.getEnhancersMetadata() ?? []),
  ].filter((dependency) => dependency !== undefined);
}
