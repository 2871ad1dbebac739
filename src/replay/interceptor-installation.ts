import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { Observable, from, isObservable, mergeAll } from 'rxjs';
import { BarrierInterceptor } from '../barrier.interceptor.js';
import { FuturesInterceptor } from '../futures.interceptor.js';
import { findFuturesRoutes, type FuturesRoute } from './futures-routes.js';

/** Key of Nest's interceptor metadata on a class or a handler (`INTERCEPTORS_METADATA`). */
const INTERCEPTORS_METADATA = '__interceptors__';

const barrier = Object.freeze(new BarrierInterceptor());

/**
 * Puts the interceptors on the routes that use futures, and on no other: the one that replays
 * outside all others, the barrier inside all others, or, where there are no others, just the one.
 *
 * What goes into metadata is the same for all apps (a class, which each app resolves to its own
 * instance, and the stateless barrier), since two apps may share a controller class.
 *
 * @internal
 */
export function installInterceptors(
  modules: ModulesContainer,
  config: ApplicationConfig,
  interceptor: FuturesInterceptor,
): void {
  const routes = findFuturesRoutes(modules);
  if (routes.length === 0) return;
  provideInterceptor(modules, routes);
  const hasGlobals =
    config.getGlobalInterceptors().length > 0 || config.getGlobalRequestInterceptors().length > 0;
  if (hasGlobals) replaceFirstGlobal(config, interceptor, routes);
  for (const route of routes) installOnRoute(route, hasGlobals);
}

function installOnRoute({ controller, handler }: FuturesRoute, hasGlobals: boolean): void {
  const ofClass = othersOn(controller);
  const ofHandler = othersOn(handler);
  const hasOthers = hasGlobals || ofClass.length > 0 || ofHandler.length > 0;
  const innermost = hasOthers ? [barrier] : [];
  if (hasGlobals) {
    bind(handler, [...ofHandler, ...innermost]);
  } else if (ofClass.length > 0) {
    // Interceptors of the class come before those of the handler.
    bind(controller, [FuturesInterceptor, ...ofClass]);
    bind(handler, [...ofHandler, ...innermost]);
  } else {
    bind(handler, [FuturesInterceptor, ...ofHandler, ...innermost]);
  }
}

/** The interceptors that are not ours. */
function othersOn(target: object): unknown[] {
  const all = (Reflect.getMetadata(INTERCEPTORS_METADATA, target) ?? []) as unknown[];
  return all.filter((each) => each !== FuturesInterceptor && each !== barrier);
}

function bind(target: object, interceptors: readonly unknown[]): void {
  Reflect.defineMetadata(INTERCEPTORS_METADATA, interceptors, target);
}

/** Lets each module that has such a route resolve the class to the one instance of this app. */
function provideInterceptor(modules: ModulesContainer, routes: readonly FuturesRoute[]): void {
  const provider = [...modules.values()]
    .map(({ providers }) => providers.get(FuturesInterceptor))
    .find((wrapper) => wrapper?.instance instanceof FuturesInterceptor);
  if (provider === undefined) return;
  for (const { module } of routes) module.injectables.set(FuturesInterceptor, provider);
}

/**
 * Global interceptors stand before all others, and on every route. So that routes without futures
 * keep just what the app gave them, ours is not added to the list: the first of the list is
 * replaced by one that puts ours before it where the route uses futures.
 */
function replaceFirstGlobal(
  config: ApplicationConfig,
  interceptor: FuturesInterceptor,
  routes: readonly FuturesRoute[],
): void {
  const globals = config.getGlobalInterceptors();
  const handlers = new Set<unknown>(routes.map(({ handler }) => handler));
  const [first] = globals;
  globals[0] = new FirstGlobalInterceptor(interceptor, handlers, first);
}

/** @internal */
export class FirstGlobalInterceptor implements NestInterceptor {
  constructor(
    private readonly futures: FuturesInterceptor,
    private readonly handlers: ReadonlySet<unknown>,
    /** Undefined if all global interceptors are request-scoped: those follow. */
    private readonly first: NestInterceptor | undefined,
  ) {}

  intercept(
    context: ExecutionContext,
    next: CallHandler,
  ): Observable<unknown> | Promise<Observable<unknown>> {
    const { first } = this;
    if (!this.handlers.has(context.getHandler())) {
      return first === undefined ? next.handle() : first.intercept(context, next);
    }
    if (first === undefined) return this.futures.intercept(context, next);
    return this.futures.intercept(context, {
      handle: () => flatten(first.intercept(context, next)),
    });
  }
}

function flatten(result: Observable<unknown> | Promise<Observable<unknown>>): Observable<unknown> {
  return isObservable(result) ? result : from(result).pipe(mergeAll());
}
