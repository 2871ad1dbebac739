import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Module,
  type NestModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { checkOneCopy } from './copies.js';
import { FuturesOptionsError } from './errors/index.js';
import { describe } from './errors/text.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  OPTIONS_TYPE,
  WITHOUT_FOR_ROOT,
} from './futures.module-definition.js';
import { FuturesService } from './futures.service.js';
import { warnOfLostMethods } from './replay/discovery.js';
import { FuturesInterceptor } from './replay/futures.interceptor.js';
import { installInterceptors, installMessageInterceptors } from './replay/installation.js';
import { FuturesRuntime, RoutePipes, attachRuntime } from './request/futures.runtime.js';
import { WorkerPool } from './worker-pool.js';

/**
 * Checks while providers are created, since a provider that injects a class of another copy fails
 * then. Without dependencies it comes before: the search for a missing class takes longer.
 */
const ONE_COPY: Provider = { provide: Symbol('nestjs-futures.one-copy'), useFactory: checkOneCopy };

/**
 * Adds futures to an app.
 *
 * @example
 * ```ts
 * @Module({ imports: [FuturesModule.forRoot()] })
 * export class AppModule {}
 * ```
 *
 * @publicApi
 */
@Module({
  providers: [ONE_COPY, ...WITHOUT_FOR_ROOT, FuturesInterceptor],
  exports: [FuturesService, WorkerPool],
})
export class FuturesModule
  extends ConfigurableModuleClass
  implements NestModule, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(
    private readonly runtime: FuturesRuntime,
    private readonly interceptor: FuturesInterceptor,
    private readonly modules: ModulesContainer,
    private readonly config: ApplicationConfig,
    private readonly adapterHost: HttpAdapterHost,
  ) {
    super();
    installMessageInterceptors(modules);
  }

  /**
   * The module with these options; all are optional.
   *
   * @throws FuturesOptionsError at startup, naming the option, its value and what is allowed; also
   *   if the app has a FuturesModule with other options, or loads another copy of the package
   */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    checkOneCopy();
    return super.forRoot(options);
  }

  /** The module with options from a factory (`useFactory`, `useClass`, `useExisting`). */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    checkOneCopy();
    return super.forRootAsync(options);
  }

  /** Runs when all providers exist and no route is registered yet. */
  configure(): void {
    checkOneCopy();
    checkOneModule(this.modules, this.runtime);
    this.runtime.routePipes = new RoutePipes(this.modules, this.config);
    warnOfLostMethods(this.modules);
    installInterceptors(this.modules, this.config, this.interceptor);
    const server: unknown = this.adapterHost.httpAdapter?.getInstance();
    if (server !== undefined) attachRuntime(server as object, this.runtime);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.runtime.executors.start();
  }

  /** The server still answers its in-flight requests. */
  beforeApplicationShutdown(): void {
    this.runtime.beginShutdown();
  }

  /** The server is closed by now. */
  async onApplicationShutdown(): Promise<void> {
    await this.runtime.endShutdown();
  }
}

/** Where the FuturesModules of an app store their options. */
const MODULES = Symbol('nestjs-futures.modules');

/**
 * In an app with two FuturesModules, decorators find one and providers the other, so the two must
 * not differ.
 *
 * @throws FuturesOptionsError if the app has one with other options
 * @internal
 */
function checkOneModule(modules: ModulesContainer, runtime: FuturesRuntime): void {
  const known = ((modules as { [MODULES]?: object[] })[MODULES] ??= []);
  const scope = runtime.usesContext ? 'singleton' : 'request';
  const own = { ...runtime.options, scope };
  for (const other of known) compare(other, own);
  known.push(own);
}

function compare(first: object, second: object): void {
  const difference = differenceOf(first, second, '');
  if (difference === undefined) return;
  const [name, one, other] = difference;
  throw new FuturesOptionsError(
    `FuturesModule.forRoot() is called twice in this app, with different options: "${name}" is ${describe(one)} in one and ${describe(other)} in the other. ` +
      `Call forRoot() once, in the root module; other modules need not import it, since it is global.`,
  );
}

/** The first option that differs, and its values. Plain objects and arrays are compared by content. */
function differenceOf(
  first: object,
  second: object,
  prefix: string,
): [name: string, first: unknown, second: unknown] | undefined {
  for (const name of new Set([...Object.keys(first), ...Object.keys(second)])) {
    const one = (first as Record<string, unknown>)[name];
    const other = (second as Record<string, unknown>)[name];
    if (Object.is(one, other)) continue;
    if (!isPlain(one) || !isPlain(other)) return [prefix + name, one, other];
    const difference = differenceOf(one, other, `${prefix}${name}.`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
