import type { ProcessOptions } from '../pool-options.js';
import type { WireMessage } from '../../wire/protocol.js';
import { Child } from './child.js';
import { Preloading } from './preloading.js';
import type { Workers, WorkersListener } from './workers.js';

/** How long, in ms, until a process that died before it was ready is replaced. */
const RESTART_DELAY = 100;

/**
 * Child processes. What a child sends is checked where it arrives. A child that breaks the protocol
 * is killed, and nothing that it sent is thrown in the app.
 *
 * @internal
 */
export class ProcessWorkers implements Workers {
  readonly kind: string;
  readonly maxCalls = 1;
  readonly isOurs = true;
  readonly canShare = false;
  readonly scheduler = 0;
  readonly width: number;
  readonly min: number;
  readonly idleTimeout: number;
  readonly #options: ProcessOptions;
  readonly #children = new Set<Child>();
  readonly preloading: Preloading;
  #listener: WorkersListener | undefined;
  #isClosed = false;
  ended = 0;
  failedStarts = 0;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.kind = options.name === undefined ? 'process' : `${options.name} process`;
    this.preloading = new Preloading(options.preload, options.min);
    this.width = options.max;
    this.min = options.min;
    this.idleTimeout = options.idleTimeout;
    this.#fill();
  }

  get alive(): number {
    return this.#children.size;
  }

  listen(listener: WorkersListener): void {
    this.#listener = listener;
  }

  async send(message: WireMessage): Promise<void> {
    const child = [...this.#children].find(({ isBusy }) => !isBusy) ?? this.#start();
    await child.give(message);
  }

  /** The process that has the message, once it is ready. */
  holderOf(message: WireMessage): number | undefined {
    for (const child of this.#children) {
      if (child.holds(message) && child.isReady) return child.pid;
    }
    return undefined;
  }

  // What a process has sent arrives before its exit is noticed.
  drain(): void {}

  // Also to a process that is still starting: it reads its orders in sequence.
  abort(message: WireMessage): void {
    for (const child of this.#children) if (child.holds(message)) child.order(['abort']);
  }

  kill(pid: number): void {
    this.#childOf(pid)?.kill();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const children = [...this.#children];
    for (const child of children) child.kill();
    await Promise.all(children.map(({ ended }) => ended));
  }

  #childOf(pid: number): Child | undefined {
    return [...this.#children].find((child) => child.pid === pid);
  }

  #fill(): void {
    while (!this.#isClosed && this.#children.size < this.min) this.#start();
  }

  #start(): Child {
    const child = new Child(this.#options, {
      onOutcome: (message) => this.#listener?.posted(child.pid, message),
      onReady: (failure) => {
        this.failedStarts = 0;
        this.preloading.take(failure);
      },
    });
    this.#children.add(child);
    void child.ended.then(() => {
      this.#children.delete(child);
      this.preloading.exited();
      this.ended++;
      if (child.isReady) return this.#fill();
      this.failedStarts++;
      setTimeout(() => this.#fill(), RESTART_DELAY).unref();
    });
    return child;
  }
}
