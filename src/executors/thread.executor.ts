import { createRequire } from 'node:module';
import { Logger } from '@nestjs/common';
import type { Piscina } from 'piscina';
import { limitsOf, type ThreadOptions } from '../futures.options.js';
import type { Workers } from './workers.js';
import { DispatchedExecutor } from './dispatched.executor.js';

const logger = new Logger('Futures');

/** The built worker entry: workers cannot run this package's sources. */
const WORKER = createRequire(import.meta.url).resolve('#task-worker');

/**
 * Runs calls in worker threads, by piscina.
 *
 * @internal
 */
export class ThreadExecutor extends DispatchedExecutor {
  readonly #options: ThreadOptions;

  constructor(options: ThreadOptions) {
    super(options.maxQueue);
    this.#options = options;
  }

  protected async createWorkers(): Promise<Workers> {
    const { pool, min, max, idleTimeout, resourceLimits } = this.#options;
    if (pool !== undefined) return new PiscinaWorkers(pool, Infinity);
    const { Piscina } = await import('piscina');
    const threads = new Piscina({
      filename: WORKER,
      minThreads: min,
      maxThreads: max,
      // The dispatcher ends idle threads: they have something to close first.
      idleTimeout: Infinity,
      // A thread that waits for work goes on with what its tasks left open: sockets, timers.
      atomics: 'async',
      recordTiming: false,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
      workerData: { futures: limitsOf(this.#options) },
    });
    return new PiscinaWorkers(threads, idleTimeout);
  }
}

class PiscinaWorkers implements Workers {
  readonly kind = 'thread';
  readonly maxCalls = Infinity;
  readonly idleTimeout: number;
  readonly #pool: Piscina;
  #onMessage: (message: unknown) => void = () => {};

  constructor(pool: Piscina, idleTimeout: number) {
    this.#pool = pool;
    this.idleTimeout = idleTimeout;
  }

  get #isOurs(): boolean {
    return this.idleTimeout !== Infinity;
  }

  listen(onMessage: (message: unknown) => void): void {
    this.#onMessage = onMessage;
    this.#pool.on('message', onMessage);
    // Without a listener, the death of an idle thread would end the process.
    if (this.#isOurs) {
      this.#pool.on('error', (error: unknown) => logger.warn('A thread died while idle.', error));
    }
  }

  get width(): number {
    return this.#pool.options.maxThreads;
  }

  get min(): number {
    return this.#pool.options.minThreads;
  }

  get alive(): number {
    return this.#pool.threads.length;
  }

  async send(
    message: Parameters<Workers['send']>[0],
    transferList: Parameters<Workers['send']>[1],
  ): Promise<void> {
    await this.#pool.run(message, {
      filename: WORKER,
      name: 'default',
      ...(transferList.length === 0 ? {} : { transferList: [...transferList] }),
    });
  }

  kill(workerId: number): void {
    void this.#pool.threads.find(({ threadId }) => threadId === workerId)?.terminate();
  }

  async close(): Promise<void> {
    if (this.#isOurs) await this.#pool.destroy();
    else this.#pool.off('message', this.#onMessage);
  }
}
