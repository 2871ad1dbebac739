import { createRequire } from 'node:module';
import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import type { Piscina } from 'piscina';
import type { ThreadOptions } from '../futures.options.js';
import { Dispatcher } from './dispatcher.js';
import type { Workers } from './chunk-runner.js';
import type { Call, Executor, ExecutorStats, Outcome } from './executor.js';

const logger = new Logger('Futures');

/** The built worker entry: workers cannot run this package's sources. */
const WORKER = createRequire(import.meta.url).resolve('#task-worker');

/**
 * Runs calls in worker threads, by piscina. The pool is made when it is first used, or at once
 * where `min` asks for threads.
 *
 * @internal
 */
export class ThreadExecutor implements Executor {
  readonly #options: ThreadOptions;
  #starting: Promise<Dispatcher> | undefined;
  #dispatcher: Dispatcher | undefined;
  #closed = false;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  run(calls: readonly Call[], { signal }: { signal?: AbortSignal } = {}): Promise<Outcome[]> {
    if (this.#dispatcher !== undefined) return this.#dispatcher.run(calls, signal);
    return this.start().then((dispatcher) => dispatcher.run(calls, signal));
  }

  /** Makes the pool. */
  start(): Promise<Dispatcher> {
    return (this.#starting ??= this.#start());
  }

  stats(): ExecutorStats {
    return (
      this.#dispatcher?.stats() ?? { workers: 0, queued: 0, running: 0, resolved: 0, failed: 0 }
    );
  }

  async close({ timeout }: { readonly timeout: number }): Promise<void> {
    this.#closed = true;
    // A pool that was never asked for is not made to be closed.
    const dispatcher = this.#dispatcher ?? (await this.#starting);
    await dispatcher?.close(timeout);
  }

  async #start(): Promise<Dispatcher> {
    const { pool, min, max, idleTimeout, maxQueue, resourceLimits } = this.#options;
    const { Piscina } = await import('piscina');
    const threads =
      pool ??
      new Piscina({
        filename: WORKER,
        minThreads: min,
        maxThreads: max,
        idleTimeout,
        recordTiming: false,
        ...(resourceLimits === undefined ? {} : { resourceLimits }),
      });
    const workers = new PiscinaWorkers(threads, pool === undefined);
    const dispatcher = new Dispatcher(workers, maxQueue);
    workers.listen(dispatcher.onMessage);
    if (this.#closed) await dispatcher.close(0);
    this.#dispatcher = dispatcher;
    return dispatcher;
  }
}

class PiscinaWorkers implements Workers {
  readonly #pool: Piscina;
  readonly #isOurs: boolean;
  #onMessage: ((message: unknown) => void) | undefined;

  constructor(pool: Piscina, isOurs: boolean) {
    this.#pool = pool;
    this.#isOurs = isOurs;
  }

  listen(onMessage: (message: unknown) => void): void {
    this.#onMessage = onMessage;
    this.#events.on('message', onMessage);
    // Without a listener, the death of an idle thread would end the process.
    if (this.#isOurs) {
      this.#events.on('error', (error: unknown) => logger.warn('A thread died while idle.', error));
    }
  }

  get #events(): EventEmitter {
    return this.#pool;
  }

  get width(): number {
    return this.#pool.options.maxThreads;
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
    else if (this.#onMessage !== undefined) this.#events.off('message', this.#onMessage);
  }
}
