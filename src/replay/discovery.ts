import { Logger, Scope } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { FuturesService } from '../futures.service.js';
import { futuresMark, useFuturesOptions } from './route-traits.js';

type HostModule = NonNullable<ReturnType<ModulesContainer['get']>>;
/** What Nest knows about a provider or a controller. @internal */
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

/** Key of Nest's route metadata on a handler (`PATH_METADATA`). */
const PATH_METADATA = 'path';

/** Key of Nest's metadata of message and event patterns on a handler (`PATTERN_METADATA`). */
const PATTERN_METADATA = 'microservices:pattern';

/**
 * Finds the routes that use futures: those with `@Futures()` or `@Future('key')` on a parameter,
 * those with `@UseFutures()`, and those whose controller, guards, pipes or interceptors inject
 * `FuturesService`, directly or not. GraphQL resolvers are found in the same way.
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
 * Finds the handlers of transports other than HTTP that are marked by a decorator. Nothing else is
 * known before Nest creates its message handlers and gateways.
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

/** The methods that have metadata from any decorator, inherited ones included. @internal */
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
      // `constructor` is the class itself, not a method.
      if (name === 'constructor' || seen.has(name)) continue;
      seen.add(name);
      if (typeof value === 'function') yield [name, value as Handler];
    }
  }
}

/** Whether it is only an HTTP route: no resolver, gateway or message handler. @internal */
export function isRoute(handler: object): boolean {
  return (
    Reflect.hasMetadata(PATH_METADATA, handler) && !Reflect.hasMetadata(PATTERN_METADATA, handler)
  );
}

/** Whether it injects `FuturesService`, directly or not. */
function dependsOnFutures(wrapper: Wrapper): boolean {
  return wayTo(wrapper, ({ token }) => token === FuturesService) !== undefined;
}

/**
 * The first path from a provider or controller to a dependency that matches, with both ends. It
 * follows what each one injects, and its guards, pipes and interceptors, but not what
 * `FuturesService` itself injects. Undefined if there is no such path.
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

const logger = new Logger('Futures');

/** Hooks that Nest calls on singletons only. */
const LIFECYCLE_HOOKS: ReadonlySet<string> = new Set([
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
]);

/** Key of the metadata of `@Cron()`, `@Interval()` and `@Timeout()` (@nestjs/schedule). */
const SCHEDULER_TYPE = 'SCHEDULER_TYPE';

/** Key of the metadata of `@OnEvent()` (`EVENT_LISTENER_METADATA` of @nestjs/event-emitter). */
const EVENT_LISTENER_METADATA = 'EVENT_LISTENER_METADATA';

/**
 * Warns of each provider and controller that is request-scoped only because it injects
 * `FuturesService`, and has methods that Nest would call differently on a singleton.
 *
 * @internal
 */
export function warnOfLostMethods(modules: ModulesContainer): void {
  const warned = new Set<unknown>();
  for (const { providers, controllers } of modules.values()) {
    for (const wrapper of [...providers.values(), ...controllers.values()]) {
      if (warned.has(wrapper.metatype) || !isClass(wrapper)) continue;
      const lost = describeLost(wrapper.metatype.prototype);
      if (lost.length === 0) continue;
      const way = wayTo(wrapper, isScopedFutures);
      if (way === undefined || wayTo(wrapper, isScopedAnyway) !== undefined) continue;
      warned.add(wrapper.metatype);
      logger.warn(
        `${wrapper.metatype.name} is request-scoped, because FuturesService is (${way.map(nameOf).join(' → ')}): ${lost.join('; ')}. ` +
          `Use FuturesModule.forRoot({ scope: 'singleton' }); or take the service in the handler with @Futures() and pass it on; ` +
          `or move these methods to a provider that does not inject it.`,
      );
    }
  }
}

/** A singleton `FuturesService` makes nothing request-scoped. */
function isScopedFutures({ token, scope }: Wrapper): boolean {
  return token === FuturesService && scope === Scope.REQUEST;
}

function isScopedAnyway({ token, scope }: Wrapper): boolean {
  return token !== FuturesService && scope === Scope.REQUEST;
}

function isClass(wrapper: Wrapper): wrapper is Wrapper & {
  readonly metatype: { readonly name: string; readonly prototype: object };
} {
  const { metatype, isFactory } = wrapper;
  return typeof metatype === 'function' && !isFactory && metatype.prototype !== undefined;
}

function describeLost(prototype: object): string[] {
  const methods = [...methodsOf(prototype)];
  const of = (matches: (name: string, method: object) => boolean) =>
    methods.filter(([name, method]) => matches(name, method)).map(([name]) => `${name}()`);
  const hooks = of((name) => LIFECYCLE_HOOKS.has(name));
  const scheduled = of((_, method) => Reflect.hasMetadata(SCHEDULER_TYPE, method));
  const listeners = of((_, method) => Reflect.hasMetadata(EVENT_LISTENER_METADATA, method));
  return [
    ...(hooks.length > 0 ? [`Nest never calls its ${hooks.join(', ')}`] : []),
    ...(scheduled.length > 0 ? [`@nestjs/schedule never runs its ${scheduled.join(', ')}`] : []),
    ...(listeners.length > 0
      ? [`each event that its ${listeners.join(', ')} handles has an instance of its own`]
      : []),
  ];
}

function nameOf({ token }: Wrapper): string {
  return typeof token === 'function' ? token.name : String(token);
}
