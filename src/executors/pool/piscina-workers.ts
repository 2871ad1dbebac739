import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import {
  HELLO,
  PRELOADED,
  PROGRESS_BYTES,
  WORKER_ID,
  type WireMessage,
} from '../../wire/protocol.js';
import type { Transferable } from '../executor.js';
import type { ThreadOptions } from '../pool-options.js';
import { Preloading } from './preloading.js';
import { guard } from './idle-errors.js';
import { RefusedMessage, type Workers, type WorkersListener, workerEntry } from './workers.js';

/** How many threads in a row may die at startup before the waiting messages fail. */
const MAX_RETRIES = 2;
/** For how many turns of the event loop a hello is waited for that was posted before. */
const MAX_TURNS = 100;

/** A message without calls: it makes the pool start a thread. */
const NOTHING: WireMessage = {
  scheduler: 0,
  message: 0,
  progress: new SharedArrayBuffer(PROGRESS_BYTES),
  calls: [],
  maxResultBytes: 0,
};

/** A message in flight. */
interface Sent {
  readonly reject: (error: Error) => void;
  /** The thread that the pool chose; undefined: none yet, or it is not known. */
  holder: number | undefined;
}

type PiscinaOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;

/**
 * The threads of a piscina.
 *
 * @internal
 */
export class PiscinaWorkers implements Workers {
  readonly kind: string;
  readonly scheduler = Math.random();
  readonly maxCalls = Infinity;
  readonly canShare = true;
  readonly isOurs: boolean;
  readonly idleTimeout: number;
  readonly #pool: Piscina;
  readonly #entry = workerEntry('#task-worker');
  readonly preloading: Preloading;
  #listener: WorkersListener | undefined;
  readonly #sent = new Map<WireMessage, Sent>();
  /** The ports on which threads answer, by thread id. */
  readonly #ports = new Map<number, MessagePort>();
  readonly #ready = new WeakSet<object>();
  /** Threads that were started in vain for the messages that wait. */
  #retries = 0;
  ended = 0;
  failedStarts = 0;

  /** @param pool a pool of this module, or one that the app owns: then it is in the options, too */
  constructor(pool: Piscina, options: ThreadOptions) {
    this.#pool = pool;
    this.isOurs = options.pool === undefined;
    this.kind = options.name === undefined ? 'thread' : `${options.name} thread`;
    this.idleTimeout = this.isOurs ? options.idleTimeout : Infinity;
    this.preloading = new Preloading(options.preload, options.min);
  }

  /** Creates a pool of this module. */
  static create(ofPool: PiscinaOptions, options: ThreadOptions): PiscinaWorkers {
    const sent: { note?: (message: unknown, threadId: number) => void } = {};
    // Like piscina's own balancer at one message per thread, which doesn't report its choice.
    const loadBalancer: PiscinaOptions['loadBalancer'] = (task, threads) => {
      const free = threads.find(({ currentUsage }) => currentUsage === 0);
      if (free !== undefined)
        sent.note?.((task as unknown as Tagged)[Piscina.queueOptionsSymbol], free.id);
      return free ?? null;
    };
    const workers = new PiscinaWorkers(new Piscina({ ...ofPool, loadBalancer }), options);
    sent.note = (message, threadId) => {
      const known = workers.#sent.get(message as WireMessage);
      if (known !== undefined) known.holder = threadId;
    };
    return workers;
  }

  listen(listener: WorkersListener): void {
    this.#listener = listener;
    this.#pool.on('message', this.#onPoolMessage);
    this.#pool.on('workerCreate', this.#onReady);
    this.#pool.on('workerDestroy', this.#onDestroy);
    guard(this.#pool);
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

  send(message: WireMessage, transferList: readonly Transferable[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sent.set(message, { reject, holder: undefined });
      // The pool shows its balancer what is under this symbol.
      if (this.isOurs) (message as unknown as Tagged)[Piscina.queueOptionsSymbol] = message;
      this.#run(message, transferList).then(
        () => {
          this.#sent.delete(message);
          this.#afterHello(message, resolve);
        },
        (error: Error) => {
          const holder = this.#sent.get(message)?.holder;
          this.#sent.delete(message);
          const threadId = Atomics.load(new Int32Array(message.progress), WORKER_ID);
          // The thread is alive: a task has broken this module's code in it.
          if (threadId !== 0 && this.isOurs) this.kill(threadId);
          const isRefused = threadId === 0 && this.#isRefusal(error, holder);
          reject(isRefused ? new RefusedMessage(error) : error);
        },
      );
    });
  }

  /**
   * A thread's hello comes by another port than its reports, so it may be read after them. Without
   * it, what the thread has posted cannot be read.
   */
  #afterHello(message: WireMessage, done: () => void, turns = 0): void {
    const threadId = Atomics.load(new Int32Array(message.progress), WORKER_ID);
    if (this.#ports.has(threadId) || turns === MAX_TURNS) done();
    else setImmediate(() => this.#afterHello(message, done, turns + 1));
  }

  holderOf(message: WireMessage): number | undefined {
    const holder = this.#sent.get(message)?.holder;
    // A thread that has not said hello is still starting.
    return holder !== undefined && this.#ports.has(holder) ? holder : undefined;
  }

  drain(threadId: number): void {
    const port = this.#ports.get(threadId);
    if (port !== undefined) while (this.#receive(threadId, port));
  }

  /** Takes one thing that a thread posted, if there is one. */
  #receive(threadId: number, port: MessagePort): boolean {
    let received: { message: unknown } | undefined;
    try {
      received = receiveMessageOnPort(port);
    } catch {
      this.#listener?.unreadable(threadId);
      return true;
    }
    if (received !== undefined) this.#listener?.posted(threadId, received.message);
    return received !== undefined;
  }

  kill(threadId: number): void {
    void this.#pool.threads.find((thread) => thread.threadId === threadId)?.terminate();
  }

  async close(): Promise<void> {
    if (this.isOurs) await this.#pool.destroy();
    this.#pool.off('message', this.#onPoolMessage);
    this.#pool.off('workerCreate', this.#onReady);
    this.#pool.off('workerDestroy', this.#onDestroy);
    for (const port of this.#ports.values()) port.close();
    this.#ports.clear();
  }

  /** Whether the message could not be sent, as opposed to its thread having died. */
  #isRefusal(error: Error & { readonly code?: unknown }, holder: number | undefined): boolean {
    if (holder !== undefined) return this.#pool.threads.some(({ threadId }) => threadId === holder);
    // In a pool that the app owns, the thread is not known.
    return error.name === 'DataCloneError' || /TRANSFER/.test(String(error.code));
  }

  #run(message: WireMessage, transferList: readonly Transferable[] = []): Promise<unknown> {
    return this.#pool.run(message, {
      filename: this.#entry,
      name: 'default',
      ...(transferList.length === 0 ? {} : { transferList: [...transferList] }),
    });
  }

  /** Takes a thread's hello to this scheduler; everything else is for others. */
  readonly #onPoolMessage = (message: unknown): void => {
    if (this.isOurs && Array.isArray(message) && message[0] === PRELOADED) {
      this.preloading.take(message[1]);
      return;
    }
    if (!Array.isArray(message) || message[0] !== HELLO || message[1] !== this.scheduler) return;
    const [, , threadId, port] = message as unknown as [0, 0, number, MessagePort];
    if (typeof (port as Partial<MessagePort> | undefined)?.postMessage !== 'function') return;
    if (this.#ports.has(threadId)) return;
    this.#ports.set(threadId, port);
    port.on('message', (each: unknown) => this.#listener?.posted(threadId, each));
    port.on('messageerror', () => this.#listener?.unreadable(threadId));
    port.on('close', () => this.#ports.delete(threadId));
    // An idle thread must not keep the process alive.
    port.unref();
  };

  readonly #onReady = (thread: object): void => {
    this.#ready.add(thread);
    this.failedStarts = 0;
    this.#retries = 0;
  };

  /** The pool still counts the thread when it reports the thread's end. */
  readonly #onDestroy = (thread: object): void => {
    this.preloading.exited();
    this.ended++;
    if (!this.#ready.has(thread)) this.failedStarts++;
    if (this.#sent.size > 0) setImmediate(() => this.#replaceThread());
  };

  /**
   * The pool starts threads only when it gets something to run. If a thread dies before it has
   * taken the messages that wait for it, they would wait until something else is run.
   */
  #replaceThread(): void {
    const { queueSize, threads } = this.#pool;
    if (this.#sent.size === 0 || queueSize === 0 || threads.length >= this.width) return;
    if (this.#retries++ < MAX_RETRIES) {
      this.#run(NOTHING).catch(() => {});
      return;
    }
    this.#retries = 0;
    const error = new Error('the threads of the pool die before they have started');
    for (const [message, { reject }] of this.#sent) {
      if (Atomics.load(new Int32Array(message.progress), WORKER_ID) !== 0) continue;
      this.#sent.delete(message);
      reject(error);
    }
  }
}

/** What the pool shows its balancer, by the pool's symbol. */
type Tagged = Record<symbol, unknown>;
