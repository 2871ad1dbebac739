import {
  ConfigurableModuleBuilder,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { FuturesWorker } from './futures-worker.js';
import { resolveWorkerOptions, type FuturesWorkerOptions } from './futures-worker.options.js';

const WORKER_OPTIONS = Symbol('FUTURES_WORKER_OPTIONS');

const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<FuturesWorkerOptions>({ optionsInjectionToken: WORKER_OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createFuturesWorkerOptions')
    .setExtras({}, (definition) => ({
      ...definition,
      providers: [
        ...(definition.providers ?? []),
        {
          provide: FuturesWorker,
          useFactory: (options: FuturesWorkerOptions) =>
            new FuturesWorker(resolveWorkerOptions(options)),
          inject: [WORKER_OPTIONS],
        },
      ],
    }))
    .build();

/**
 * Makes an app a worker: it takes the calls of {@link bullmqExecutor} from the queue and runs them
 * on its threads. It needs no HTTP server.
 *
 * @example
 * ```ts
 * const app = await NestFactory.createApplicationContext(
 *   FuturesWorkerModule.forRoot({ tasks: [reports], connection: { host: 'redis' }, queue: 'futures' }),
 * );
 * app.enableShutdownHooks(); // SIGTERM: running jobs finish first
 * ```
 *
 * @publicApi
 */
@Module({})
export class FuturesWorkerModule
  extends ConfigurableModuleClass
  implements OnApplicationBootstrap, BeforeApplicationShutdown
{
  constructor(private readonly worker: FuturesWorker) {
    super();
  }

  /**
   * The module with these options.
   *
   * @throws FuturesOptionsError at startup, naming the option, its value and what is allowed
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return super.forRoot(options);
  }

  /** The module with options from a factory (`useFactory`, `useClass`, `useExisting`). */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  /** Resolves when Redis can be reached and the worker takes jobs. */
  async onApplicationBootstrap(): Promise<void> {
    await this.worker.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.worker.close();
  }
}
