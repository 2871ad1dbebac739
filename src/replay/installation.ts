import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { type Observable, from, isObservable, mergeAll } from 'rxjs';
import { activeLedger } from '../request/request-ledger.js';
import { BarrierInterceptor, judged } from './barrier.interceptor.js';
import {
  type FuturesHandler,
  findFuturesHandlers,
  findMarkedMessageHandlers,
  handlersOf,
  isRoute,
} from './discovery.js';
import { FuturesInterceptor } from './futures.interceptor.js';
import { isReplayed, markReplayed } from './route-traits.js';

/** Key of Nest's interceptor metadata on a class or a handler (`INTERCEPTORS_METADATA`). */
const INTERCEPTORS_METADATA = '__interceptors__';

/** Stands between two interceptors. */
const barrier = Object.freeze(new BarrierInterceptor(false));
/** Stands inside all interceptors. */
const innermost = Object.freeze(new BarrierInterceptor(true));
const OURS: ReadonlySet<unknown> = new Set([FuturesInterceptor, barrier, innermost]);

/**
 * Puts our interceptors on the routes that use futures, and on no others: FuturesInterceptor
 * outside all other interceptors, and a barrier inside each of those. A route that has no other
 * interceptors needs no barrier.
 *
 * The metadata is the same for all apps: a class, of which each app has its own instance, and the
 * stateless barriers. Nothing is removed from it, since two apps may share a controller class, and
 * two controllers an inherited handler. An interceptor that is not needed lets everything pass.
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
 * Puts our interceptors on marked handlers of other transports. Nest reads their metadata before
 * the app's global interceptors are known, so those stay outside.
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
    // A message handler may have global interceptors of its own, or none.
    const isPreceded = hasGlobals && isRoute(handler);
    // Nest runs the interceptors of the class before those of the handler.
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
  /** Our interceptors that go before the others. */
  readonly before: readonly unknown[];
  readonly others: readonly unknown[];
  /** Our interceptors that go after the others. */
  readonly after: readonly unknown[];
}

/** Binds the others with barriers between them and ours around them. Keeps ours already there. */
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
 * Moves the interceptors of a class to each of its handlers if only some of them use futures. Ours
 * go before the class's interceptors, so they would otherwise stand on all handlers. Skips classes
 * whose handlers belong, or may belong, to another class as well.
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

/** Makes FuturesInterceptor resolvable in each module that has such a handler. */
function provideInterceptor(modules: ModulesContainer, handlers: readonly FuturesHandler[]): void {
  const provider = [...modules.values()]
    .map(({ providers }) => providers.get(FuturesInterceptor))
    .find((wrapper) => wrapper !== undefined);
  if (provider === undefined) return;
  for (const { module } of handlers) module.injectables.set(FuturesInterceptor, provider);
}

/** @internal */
function hasGlobalInterceptors(config: ApplicationConfig): boolean {
  return (
    config.getGlobalInterceptors().length > 0 || config.getGlobalRequestInterceptors().length > 0
  );
}

/**
 * For replayed handlers, puts FuturesInterceptor before the global interceptors, and a barrier
 * inside each of them.
 *
 * Global interceptors run on every route, and routes without futures must keep exactly what the app
 * gave them. So nothing is added to the list: each interceptor is replaced by one that does the
 * same, and that also runs ours if the handler is replayed.
 *
 * @internal
 */
function precedeGlobalInterceptors(config: ApplicationConfig, futures: FuturesInterceptor): void {
  const globals = config.getGlobalInterceptors();
  // Request-scoped ones run last: Nest keeps wrappers, and asks them for an instance per request.
  const scoped = config.getGlobalRequestInterceptors();
  globals.forEach((each, i) => {
    globals[i] = extended(each, i === 0 ? futures : undefined);
  });
  scoped.forEach((wrapper, i) => {
    const first = i === 0 && globals.length === 0 ? futures : undefined;
    scoped[i] = Object.create(wrapper, {
      getInstanceByContextId: {
        value: (...args: Parameters<typeof wrapper.getInstanceByContextId>) => {
          const host = wrapper.getInstanceByContextId(...args);
          return host?.instance && { ...host, instance: extended(host.instance, first) };
        },
      },
    }) as typeof wrapper;
  });
}

/** The same interceptor; on replayed handlers, with ours before it and a barrier inside it. */
function extended(
  interceptor: NestInterceptor,
  futures: FuturesInterceptor | undefined,
): NestInterceptor {
  const intercept = (context: ExecutionContext, next: CallHandler) => {
    // Checked by metadata: tracers (OpenTelemetry) replace the handler by their own function.
    if (!isReplayed(context.getHandler())) return interceptor.intercept(context, next);
    const handle = () => flatten(interceptor.intercept(context, behindBarrier(context, next)));
    return futures === undefined ? handle() : futures.intercept(context, { handle });
  };
  return Object.create(interceptor, { intercept: { value: intercept } }) as NestInterceptor;
}

function behindBarrier(context: ExecutionContext, next: CallHandler): CallHandler {
  return {
    handle: () => {
      const ledger = activeLedger(context);
      return ledger === undefined ? next.handle() : judged(ledger, next.handle());
    },
  };
}

function flatten(result: Observable<unknown> | Promise<Observable<unknown>>): Observable<unknown> {
  return isObservable(result) ? result : from(result).pipe(mergeAll());
}
