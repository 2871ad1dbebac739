import {
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type NestModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { FuturesInterceptor } from './futures.interceptor.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  OPTIONS_TYPE,
  WITHOUT_FOR_ROOT,
} from './futures.module-definition.js';
import { attachRuntime, FuturesRuntime } from './futures.runtime.js';
import { FuturesService } from './futures.service.js';
import { checkOneModule } from './one-module.js';
import {
  installInterceptors,
  installMessageInterceptors,
} from './replay/interceptor-installation.js';
import { warnOfLostMethods } from './replay/lost-methods.js';
import { RoutePipes } from './replay/route-pipes.js';
import { WorkerPool } from './worker-pool.js';

/**
 * Gives an app its futures.
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
  providers: [...WITHOUT_FOR_ROOT, FuturesInterceptor],
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
   * The module with these options; each may be left out.
   *
   * @throws FuturesOptionsError, when the app starts, naming the option, its value and what is allowed;
   *   also if another module of the app has other options, or comes from another copy of the package
   */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  /** The module with options from a factory (`useFactory`, `useClass`, `useExisting`). */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  /** Runs when all providers are there and no route is registered yet. */
  configure(): void {
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

  /** The server still works off the requests it has. */
  beforeApplicationShutdown(): void {
    this.runtime.beginShutdown();
  }

  /** The server is closed. */
  async onApplicationShutdown(): Promise<void> {
    await this.runtime.endShutdown();
  }
}
