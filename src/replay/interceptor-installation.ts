import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { BarrierInterceptor } from '../barrier.interceptor.js';
import { FuturesInterceptor } from '../futures.interceptor.js';
import {
  findFuturesHandlers,
  findMarkedMessageHandlers,
  handlersOf,
  isRoute,
  markReplayed,
  type FuturesHandler,
} from './futures-handlers.js';
import { hasGlobalInterceptors, precedeGlobalInterceptors } from './global-interceptors.js';

/** Key of Nest's interceptor metadata on a class or a handler (`INTERCEPTORS_METADATA`). */
const INTERCEPTORS_METADATA = '__interceptors__';

/** Stands between two interceptors. */
const barrier = Object.freeze(new BarrierInterceptor(false));
/** Stands inside all interceptors. */
const innermost = Object.freeze(new BarrierInterceptor(true));
const OURS: ReadonlySet<unknown> = new Set([FuturesInterceptor, barrier, innermost]);

/**
 * Puts the interceptors on the routes that use futures, and on no other: the one that replays
 * outside all others, barriers inside each of the others, or, where there are no others, just the
 * one.
 *
 * What goes into metadata is the same for all apps (a class, of which each app has an instance of
 * its own, and the stateless barriers), and what stands there is never taken away: two apps may
 * share a controller class, and two controllers an inherited handler. One that is not needed lets
 * everything pass.
 *
 * @internal
 */
export function installInterceptors(
  modules: ModulesContainer,
  config: ApplicationConfig,
  interceptor: FuturesInterceptor,
): void {
  const handlers = findFuturesHandlers(modules);
  const hasGlobals = hasGlobalInterceptors(config);
  if (hasGlobals && handlers.length > 0) {
    precedeGlobalInterceptors(config, interceptor);
  }
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
  if (!hasGlobals) for (const { owner } of handlers) bindToHandlers(modules, owner, handlers);
  for (const { owner, handler } of handlers) {
    markReplayed(handler);
    const ofOwner = othersOn(owner);
    const ofHandler = othersOn(handler);
    // A message may come with global interceptors of its own, or with none.
    const isPreceded = hasGlobals && isRoute(handler);
    // Interceptors of the class come before those of the handler.
    const isOnOwner = !isPreceded && ofOwner.length > 0;
    bind(owner, {
      before: isOnOwner ? [FuturesInterceptor] : [],
      others: ofOwner,
      after: [],
    });
    bind(handler, {
      before: [
        ...(isPreceded || isOnOwner ? [] : [FuturesInterceptor]),
        ...(ofOwner.length > 0 && ofHandler.length > 0 ? [barrier] : []),
      ],
      others: ofHandler,
      after: hasGlobals || ofOwner.length > 0 || ofHandler.length > 0 ? [innermost] : [],
    });
  }
}

interface Binding {
  /** Ours that stand before the others. */
  readonly before: readonly unknown[];
  readonly others: readonly unknown[];
  /** Ours that stand after the others. */
  readonly after: readonly unknown[];
}

/** Binds the others, barriers between them, and ours around them, beside those of ours that are there. */
function bind(target: object, { before, others, after }: Binding): void {
  const present = interceptorsOn(target);
  const first = present.findIndex((each) => !OURS.has(each));
  const leading = first === -1 ? present : present.slice(0, first);
  const interceptors = [
    ...[FuturesInterceptor, barrier].filter((each) => [...before, ...leading].includes(each)),
    ...others.flatMap((each, i) => (i === 0 ? [each] : [barrier, each])),
    ...[innermost].filter((each) => [...after, ...present].includes(each)),
  ];
  if (interceptors.length > 0) {
    Reflect.defineMetadata(INTERCEPTORS_METADATA, interceptors, target);
  }
}

/**
 * Binds the interceptors of a class to each of its handlers instead, where only some of these use
 * futures: ours must come before them, and so would stand on the other handlers too. Left alone are
 * classes whose handlers are, or may be, another class's as well.
 */
function bindToHandlers(
  modules: ModulesContainer,
  owner: FuturesHandler['owner'],
  replayed: readonly FuturesHandler[],
): void {
  const ofOwner = othersOn(owner);
  if (ofOwner.length === 0) return;
  const all = [...handlersOf(owner.prototype as object)];
  if (all.every(([, handler]) => replayed.some((each) => each.handler === handler))) return;
  if (!all.every(([name]) => Object.hasOwn(owner.prototype as object, name))) return;
  if (isInherited(owner, modules)) return;
  Reflect.defineMetadata(INTERCEPTORS_METADATA, [], owner);
  for (const [, handler] of all) {
    Reflect.defineMetadata(INTERCEPTORS_METADATA, [...ofOwner, ...othersOn(handler)], handler);
  }
}

function isInherited(owner: FuturesHandler['owner'], modules: ModulesContainer): boolean {
  for (const { controllers, providers } of modules.values()) {
    for (const { metatype } of [...controllers.values(), ...providers.values()]) {
      if (typeof metatype === 'function' && metatype.prototype instanceof owner) return true;
    }
  }
  return false;
}

function interceptorsOn(target: object): unknown[] {
  return (Reflect.getMetadata(INTERCEPTORS_METADATA, target) ?? []) as unknown[];
}

function othersOn(target: object): unknown[] {
  return interceptorsOn(target).filter((each) => !OURS.has(each));
}

/** Lets each module that has such a handler resolve the class. */
function provideInterceptor(modules: ModulesContainer, handlers: readonly FuturesHandler[]): void {
  const provider = [...modules.values()]
    .map(({ providers }) => providers.get(FuturesInterceptor))
    .find((wrapper) => wrapper !== undefined);
  if (provider === undefined) return;
  for (const { module } of handlers) module.injectables.set(FuturesInterceptor, provider);
}
