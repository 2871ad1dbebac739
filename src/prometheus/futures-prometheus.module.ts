import {
  ConfigurableModuleBuilder,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { type Registry, type RegistryContentType, register } from 'prom-client';
import { integer, option, resolve, rule, type Given } from '../executors/kit.js';
import { WorkerPool } from '../index.js';
import { AppMetrics } from './app-metrics.js';
import { RegistryMetrics } from './registry-metrics.js';

/** From 1 ms to 1 min. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

const OPTIONS = {
  /** Where the metrics are registered. Default: the global `register` of prom-client. */
  registry: option<Registry<RegistryContentType>>(
    rule('a Registry of prom-client', isRegistry),
    register,
  ),
  /**
   * How many tasks, and how many handlers, have series of their own; the others share the label
   * `(others)`. Default: 100.
   */
  maxTasks: option<number>(integer(1), 100),
  /** Upper bounds of the buckets of wait and run times, in s. Default: 15 from 0.001 to 60. */
  buckets: option<readonly number[]>(
    rule('an array of numbers over 0, each larger than the one before', isAscending),
    BUCKETS,
  ),
};

/** Options of the metrics; all are optional. */
export type FuturesPrometheusOptions = Given<typeof OPTIONS>;

const OPTIONS_TOKEN = Symbol('FUTURES_PROMETHEUS_OPTIONS');

const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<FuturesPrometheusOptions>({ optionsInjectionToken: OPTIONS_TOKEN })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createFuturesPrometheusOptions')
    .build();

/**
 * Adds metrics of an app's executors, tasks and passes to a registry of prom-client, until the app
 * is closed. The app serves the registry itself.
 *
 * @example
 * ```ts
 * @Module({ imports: [FuturesModule.forRoot(), FuturesPrometheusModule.forRoot()] })
 * export class AppModule {}
 * ```
 *
 * @publicApi
 */
@Module({})
export class FuturesPrometheusModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnApplicationShutdown
{
  readonly #pool: WorkerPool;
  readonly #options: ReturnType<typeof resolve<typeof OPTIONS>>;
  #metrics: AppMetrics | undefined;

  constructor(pool: WorkerPool, @Inject(OPTIONS_TOKEN) options: FuturesPrometheusOptions) {
    super();
    this.#pool = pool;
    this.#options = resolve(OPTIONS, options);
  }

  /**
   * The module with these options.
   *
   * @throws FuturesOptionsError at startup, naming the option, its value and what is allowed; also
   *   if the registry has another metric of one of the names
   */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  /** The module with options from a factory (`useFactory`, `useClass`, `useExisting`). */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  onModuleInit(): void {
    this.#metrics = new AppMetrics(this.#pool, RegistryMetrics.in(this.#options));
  }

  /** The server is closed by now. */
  onApplicationShutdown(): void {
    this.#metrics?.close();
  }
}

function isRegistry(value: unknown): boolean {
  return typeof (value as Partial<Registry> | null)?.registerMetric === 'function';
}

function isAscending(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every(
    (each: unknown, i) =>
      Number.isFinite(each) && (each as number) > ((value[i - 1] as number) ?? 0),
  );
}
