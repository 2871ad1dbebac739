import { Logger } from '@nestjs/common';
import type { Piscina } from 'piscina';
import { PROGRESS_BYTES, WORKER_ID, type ChunkMessage } from '../worker/worker-protocol.js';
import type { Transferable } from './executor.js';
import { workerEntry } from './worker-entry.js';
import type { Workers } from './workers.js';

const logger = new Logger('Futures');

/** How many threads in a row may die while they start, until what waits for them is given up. */
const MAX_FAILED_STARTS = 2;

/** Runs nothing. */
const NOTHING: ChunkMessage = {
  dispatcher: 0,
  chunk: 0,
  progress: new SharedArrayBuffer(PROGRESS_BYTES),
  calls: [],
};

/**
 * The threads of a piscina.
 *
 * @internal
 */
export class PiscinaWorkers implements Workers {
  readonly kind = 'thread';
  readonly maxCalls = Infinity;
  readonly idleTimeout: number;
  readonly #pool: Piscina;
  readonly #entry = workerEntry('#task-worker');
  #onMessage: (message: unknown) => void = () => {};
  /** Messages under way, each with what rejects it. */
  readonly #sent = new Map<ChunkMessage, (error: Error) => void>();
  #failedStarts = 0;

  /** @param idleTimeout in ms; Infinity: the pool is somebody else's */
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
    this.#pool.on('workerCreate', this.#onReady);
    this.#pool.on('workerDestroy', this.#onDestroy);
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

  send(message: ChunkMessage, transferList: readonly Transferable[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sent.set(message, reject);
      this.#run(message, transferList).then(
        () => {
          this.#sent.delete(message);
          resolve();
        },
        (error: Error) => {
          this.#sent.delete(message);
          reject(error);
        },
      );
    });
  }

  kill(workerId: number): void {
    void this.#pool.threads.find(({ threadId }) => threadId === workerId)?.terminate();
  }

  async close(): Promise<void> {
    if (this.#isOurs) await this.#pool.destroy();
    else this.#leave();
  }

  #run(message: ChunkMessage, transferList: readonly Transferable[] = []): Promise<unknown> {
    return this.#pool.run(message, {
      filename: this.#entry,
      name: 'default',
      ...(transferList.length === 0 ? {} : { transferList: [...transferList] }),
    });
  }

  #leave(): void {
    this.#pool.off('message', this.#onMessage);
    this.#pool.off('workerCreate', this.#onReady);
    this.#pool.off('workerDestroy', this.#onDestroy);
  }

  readonly #onReady = (): void => {
    this.#failedStarts = 0;
  };

  /** The pool still counts the thread when it says that it is gone. */
  readonly #onDestroy = (): void => {
    if (this.#sent.size > 0) setImmediate(() => this.#replaceThread());
  };

  /**
   * The pool makes threads when it is given something to run. If one dies before it has taken what
   * waits for it, what waits would do so until something else is run.
   */
  #replaceThread(): void {
    const { queueSize, threads } = this.#pool;
    if (this.#sent.size === 0 || queueSize === 0 || threads.length >= this.width) return;
    if (this.#failedStarts++ < MAX_FAILED_STARTS) {
      this.#run(NOTHING).catch(() => {});
      return;
    }
    this.#failedStarts = 0;
    const error = new Error('the threads of the pool die before they have started');
    for (const [message, reject] of this.#sent) {
      if (Atomics.load(new Int32Array(message.progress), WORKER_ID) !== 0) continue;
      this.#sent.delete(message);
      reject(error);
    }
  }
}
