import { Logger } from '@nestjs/common';
import { Counter, Gauge, Histogram, type Registry, type RegistryContentType } from 'prom-client';
import { type ExecutorStats, FuturesOptionsError, type WorkerPool } from '../index.js';

const logger = new Logger('Futures');

/** Under this symbol, a registry keeps its metrics, which several apps may share. */
const METRICS = Symbol.for('nestjs-futures.prometheus');

const OTHERS = '(others)';
/** How many characters of a name become part of a label. */
const MAX_LENGTH = 200;

/** Options of the metrics in a registry. */
interface MetricsOptions {
  readonly registry: Registry<RegistryContentType> & { [METRICS]?: RegistryMetrics };
  readonly maxTasks: number;
  readonly buckets: readonly number[];
}

/** Names of tasks or handlers: as many as `max` of them, so that the number of series is bounded. */
class Names {
  readonly #known = new Set<string>();

  constructor(readonly max: number) {}

  name(id: string): string {
    const name = id.slice(0, MAX_LENGTH);
    if (this.#known.has(name)) return name;
    if (this.#known.size >= this.max) return OTHERS;
    this.#known.add(name);
    return name;
  }
}

/**
 * The metrics in one registry. Apps that share a registry are added up.
 *
 * @internal
 */
export class RegistryMetrics {
  readonly tasks: Names;
  readonly handlers: Names;
  readonly calls = new Counter({
    name: 'nestjs_futures_calls_total',
    help: 'Calls that have ended, by outcome: resolved, failed, timed_out, refused, cancelled or broken.',
    labelNames: ['executor', 'task', 'outcome'],
    registers: [],
  });
  readonly waits: Histogram<'executor' | 'task'>;
  readonly runs: Histogram<'executor' | 'task'>;
  readonly passes = new Counter({
    name: 'nestjs_futures_passes_total',
    help: 'Runs of handlers that are replayed, by outcome: published, discarded, failed or abandoned.',
    labelNames: ['handler', 'outcome'],
    registers: [],
  });
  readonly requests = new Histogram({
    name: 'nestjs_futures_request_passes',
    help: 'How many passes a request took, for handlers that are replayed.',
    labelNames: ['handler'],
    buckets: [1, 2, 3, 4, 5, 10],
    registers: [],
  });
  readonly #registry: MetricsOptions['registry'];
  readonly #buckets: readonly number[];
  readonly #pools = new Set<WorkerPool>();
  readonly #all: readonly (Counter | Gauge | Histogram)[];
  /** What the executors say in this scrape. */
  #stats: [executor: string, stats: ExecutorStats][] | undefined;

  private constructor({ registry, maxTasks, buckets }: MetricsOptions) {
    this.#registry = registry;
    this.#buckets = buckets;
    this.tasks = new Names(maxTasks);
    this.handlers = new Names(maxTasks);
    this.waits = durations('wait', 'How long calls waited in their executor, in s.', buckets);
    this.runs = durations('run', 'How long calls ran, in s.', buckets);
    this.#all = [
      this.#fromStats(Gauge, 'workers', 'workers', 'Workers alive.'),
      this.#fromStats(Gauge, 'workers_max', 'maxWorkers', 'The most workers there can be.'),
      this.#fromStats(
        Gauge,
        'failed_starts',
        'failedStarts',
        'Workers in a row that died before they were ready.',
      ),
      this.#fromStats(
        Counter,
        'replaced_workers_total',
        'replaced',
        'Workers that died or were ended, except idle ones.',
      ),
      this.#fromStats(Gauge, 'queued_calls', 'queued', 'Calls that wait.'),
      this.#fromStats(
        Gauge,
        'running_calls',
        'running',
        'Calls that were sent to a worker and have not ended.',
      ),
      this.calls,
      this.waits,
      this.runs,
      this.passes,
      this.requests,
    ] as (Counter | Gauge | Histogram)[];
  }

  /**
   * The metrics in the registry of these options, which are created for the first app.
   *
   * @throws FuturesOptionsError if another app has created them with other options, or if the
   *   registry has another metric of one of their names
   */
  static in(options: MetricsOptions): RegistryMetrics {
    const { registry, maxTasks, buckets } = options;
    const known = registry[METRICS];
    if (known === undefined) return new RegistryMetrics(options).#register();
    if (known.tasks.max !== maxTasks || String(known.#buckets) !== String(buckets)) {
      throw new FuturesOptionsError(
        'Another app of this process has metrics in the same registry, with other "maxTasks" or "buckets". ' +
          'Give both apps the same, or each its own "registry".',
      );
    }
    return known;
  }

  add(pool: WorkerPool): void {
    this.#pools.add(pool);
  }

  /** The metrics leave the registry with the last app. */
  remove(pool: WorkerPool): void {
    this.#pools.delete(pool);
    if (this.#pools.size > 0 || this.#registry[METRICS] !== this) return;
    delete this.#registry[METRICS];
    for (const each of this.#all) this.#registry.removeSingleMetric(nameOf(each));
  }

  #register(): this {
    const taken = this.#all.map(nameOf).find((name) => this.#registry.getSingleMetric(name));
    if (taken !== undefined) {
      throw new FuturesOptionsError(
        `The registry already has a metric "${taken}" that is not of this module. ` +
          'Rename that metric, or give FuturesPrometheusModule another "registry".',
      );
    }
    for (const each of this.#all) this.#registry.registerMetric(each);
    this.#registry[METRICS] = this;
    return this;
  }

  /** A metric that takes its value from the executors when it is scraped. */
  #fromStats(
    type: typeof Gauge | typeof Counter,
    name: string,
    property: 'workers' | 'maxWorkers' | 'failedStarts' | 'replaced' | 'queued' | 'running',
    help: string,
  ): Gauge<'executor'> | Counter<'executor'> {
    const statsOf = () => this.#read();
    return new type({
      name: `nestjs_futures_${name}`,
      help,
      labelNames: ['executor'],
      registers: [],
      collect(this: Gauge<'executor'> | Counter<'executor'>) {
        this.reset();
        for (const [executor, stats] of statsOf()) {
          const value: unknown = stats[property];
          if (Number.isFinite(value) && (value as number) >= 0) {
            this.inc({ executor }, value as number);
          }
        }
      },
    });
  }

  /** All metrics of a scrape are collected in one turn, and share what the executors say. */
  #read(): [string, ExecutorStats][] {
    if (this.#stats !== undefined) return this.#stats;
    setImmediate(() => (this.#stats = undefined));
    return (this.#stats = [...this.#pools].flatMap((pool) => {
      try {
        return Object.entries(pool.stats());
      } catch (error) {
        // Otherwise the scrape would also lose all other metrics of the app.
        logger.warn(`The statistics of the executors cannot be read for Prometheus.`, error);
        return [];
      }
    }));
  }
}

function durations(what: string, help: string, buckets: readonly number[]) {
  return new Histogram({
    name: `nestjs_futures_call_${what}_seconds`,
    help,
    labelNames: ['executor', 'task'],
    buckets: [...buckets],
    registers: [],
  });
}

function nameOf(metric: object): string {
  return (metric as { readonly name: string }).name;
}
