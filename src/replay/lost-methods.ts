import { Logger, Scope } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { FuturesService } from '../futures.service.js';
import { methodsOf, wayTo, type Wrapper } from './futures-handlers.js';

const logger = new Logger('Futures');

/** What Nest calls on singletons only. */
const LIFECYCLE_HOOKS: ReadonlySet<string> = new Set([
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
]);

/** Key of the metadata of `@Cron()`, `@Interval()` and `@Timeout()` (`SCHEDULER_TYPE` of @nestjs/schedule). */
const SCHEDULER_TYPE = 'SCHEDULER_TYPE';

/** Key of the metadata of `@OnEvent()` (`EVENT_LISTENER_METADATA` of @nestjs/event-emitter). */
const EVENT_LISTENER_METADATA = 'EVENT_LISTENER_METADATA';

/**
 * Warns of each provider and controller that is request-scoped only because it injects
 * `FuturesService`, and has methods that Nest therefore does not call as it would those of a singleton.
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

/** A singleton service makes nothing request-scoped. */
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
