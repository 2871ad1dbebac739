import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { from, isObservable, mergeAll, type Observable } from 'rxjs';
import { BarrierInterceptor } from '../barrier.interceptor.js';
import { FuturesInterceptor } from '../futures.interceptor.js';
import {
  findFuturesHandlers,
  findMarkedMessageHandlers,
  handlersOf,
  isRoute,
  type FuturesHandler,
} from './futures-handlers.js';

/** Key of Nest's interceptor metadata on a class or a handler (`INTERCEPTORS_METADATA`). */
const INTERCEPTORS_METADATA = '__interceptors__';

const barrier = Object.freeze(new BarrierInterceptor());

/**
 * Puts the interceptors on the routes that use futures, and on no other: the one that replays
 * outside all others, the barrier inside all others, or, where there are no others, just the one.
 *
 * What goes into metadata is the same for all apps (a class, of which each app has an instance of
 * its own, and the stateless barrier), since two apps may share a controller class.
 *
 * @internal
 */
export function installInterceptors(
  modules: ModulesContainer,
  config: ApplicationConfig,
  interceptor: FuturesInterceptor,
): void {
  const handlers = findFuturesHandlers(modules);
  const hasGlobals =
    config.getGlobalInterceptors().length > 0 || config.getGlobalRequestInterceptors().length > 0;
  if (hasGlobals && handlers.length > 0) precedeFirstGlobal(config, interceptor, handlers);
  install(modules, handlers, hasGlobals);
}

/**
 * Puts the interceptors on marked handlers of other transports. Nest reads theirs so early that
 * the app's global interceptors are not known: those stay outside.
 *
 * @internal
 */
export function installMessageInterceptors(modules: ModulesContainer): void {
  install(modules, findMarkedMessageHandlers(modules), false);
}

function install(
  modules: ModulesContainer,
  handlers: readonly FuturesHandler[],
  hasGlobals: boolean,
): void {
  provideInterceptor(modules, handlers);
  const ours = new Set<unknown>(handlers.map(({ handler }) => handler));
  if (!hasGlobals) for (const { owner } of handlers) bindToHandlers(owner, ours);
  for (const { owner, handler } of handlers) {
    const ofOwner = othersOn(owner);
    const ofHandler = othersOn(handler);
    const hasOthers = hasGlobals || ofOwner.length > 0 || ofHandler.length > 0;
    const inner = hasOthers ? [...ofHandler, barrier] : [];
    // A message may come with global interceptors of its own, or with none.
    const isPreceded = hasGlobals && isRoute(handler);
    // Interceptors of the class come before those of the handler.
    const isOnOwner = !isPreceded && ofOwner.length > 0;
    if (isOnOwner) bind(owner, [FuturesInterceptor, ...ofOwner]);
    bind(handler, isPreceded || isOnOwner ? inner : [FuturesInterceptor, ...inner]);
  }
}

/**
 * Binds the interceptors of a class to each of its handlers instead, where only some of these use
 * futures: ours must come before them, and so would stand on the other handlers too. Left alone are
 * classes with inherited handlers, which other classes may share.
 */
function bindToHandlers(owner: FuturesHandler['owner'], ours: ReadonlySet<unknown>): void {
  const ofOwner = othersOn(owner);
  if (ofOwner.length === 0) return;
  const all = [...handlersOf(owner.prototype as object)];
  if (all.every(([, handler]) => ours.has(handler))) return;
  if (!all.every(([name]) => Object.hasOwn(owner.prototype as object, name))) return;
  bind(owner, []);
  for (const [, handler] of all) bind(handler, [...ofOwner, ...othersOn(handler)]);
}

/** The interceptors that are not ours. */
function othersOn(target: object): unknown[] {
  const all = (Reflect.getMetadata(INTERCEPTORS_METADATA, target) ?? []) as unknown[];
  return all.filter((each) => each !== FuturesInterceptor && each !== barrier);
}

function bind(target: object, interceptors: readonly unknown[]): void {
  Reflect.defineMetadata(INTERCEPTORS_METADATA, interceptors, target);
}

/** Lets each module that has such a handler resolve the class. */
function provideInterceptor(modules: ModulesContainer, handlers: readonly FuturesHandler[]): void {
  const provider = [...modules.values()]
    .map(({ providers }) => providers.get(FuturesInterceptor))
    .find((wrapper) => wrapper !== undefined);
  if (provider === undefined) return;
  for (const { module } of handlers) module.injectables.set(FuturesInterceptor, provider);
}

/**
 * Global interceptors stand before all others, and on every route. So that routes without futures
 * keep just what the app gave them, ours is not one more in the list: it goes before the first of
 * them where the handler uses futures.
 */
function precedeFirstGlobal(
  config: ApplicationConfig,
  futures: FuturesInterceptor,
  handlers: readonly FuturesHandler[],
): void {
  const replayed = new Set<unknown>(handlers.map(({ handler }) => handler));
  const globals = config.getGlobalInterceptors();
  const [first] = globals;
  if (first !== undefined) {
    globals[0] = preceded(first, futures, replayed);
    return;
  }
  // All of them are request-scoped: Nest keeps wrappers, and asks them for each request's instance.
  const scoped = config.getGlobalRequestInterceptors();
  const [wrapper] = scoped;
  if (wrapper === undefined) return;
  scoped[0] = Object.create(wrapper, {
    getInstanceByContextId: {
      value: (...args: Parameters<typeof wrapper.getInstanceByContextId>) => {
        const host = wrapper.getInstanceByContextId(...args);
        return host?.instance && { ...host, instance: preceded(host.instance, futures, replayed) };
      },
    },
  }) as typeof wrapper;
}

/** The same interceptor, but for handlers that are replayed, where ours comes before it. */
function preceded(
  first: NestInterceptor,
  futures: FuturesInterceptor,
  replayed: ReadonlySet<unknown>,
): NestInterceptor {
  const intercept = (context: ExecutionContext, next: CallHandler) =>
    replayed.has(context.getHandler())
      ? futures.intercept(context, { handle: () => flatten(first.intercept(context, next)) })
      : first.intercept(context, next);
  return Object.create(first, { intercept: { value: intercept } }) as NestInterceptor;
}

function flatten(result: Observable<unknown> | Promise<Observable<unknown>>): Observable<unknown> {
  return isObservable(result) ? result : from(result).pipe(mergeAll());
}
