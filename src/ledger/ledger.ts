import {
  FutureAlreadyResolvedError,
  FutureNotResolvedError,
  FutureNotSubmittedError,
  TooManyFuturesError,
} from '../errors/index.js';
import type { Outcome } from '../executors/executor.js';
import type { FuturesRuntime } from '../futures.runtime.js';
import type { ResponseHead } from '../replay/response-head.js';
import { serverTiming } from '../replay/server-timing.js';
import type { ClientConnection } from './client-connection.js';
import type { Future } from './future.js';
import type { AnyFunction } from '../tasks/task.js';
import { PassState } from './pass-state.js';
import { refusals } from './refusals.js';
import {
  checkKey,
  conflictOf,
  createFuture,
  isSame,
  type Submission,
  type SubmitOptions,
} from './submission.js';
import { TurnBatch } from './turn-batch.js';

/** What a ledger is told of its request. */
export interface LedgerOptions {
  readonly runtime: FuturesRuntime;
  readonly client: ClientConnection;
  readonly head: ResponseHead;
  /** Resolvers of one GraphQL request share their futures. Default: a map of its own. */
  readonly futures?: Map<string, Future> | undefined;
}

/**
 * What one request (in GraphQL: one resolver) has submitted and resolved, over all its passes.
 *
 * @internal
 */
export class Ledger {
  readonly runtime: FuturesRuntime;
  readonly client: ClientConnection;
  readonly head: ResponseHead;
  readonly pass: PassState;
  /** The request whose passes an interceptor runs now; undefined if none does. */
  request: object | undefined;
  /** Undoes what passes did to the response's head. */
  restoreHead: () => void = () => {};

  readonly #futures: Map<string, Future>;
  #declared: TurnBatch | undefined;
  readonly #takesSubmissions: boolean;

  constructor({ runtime, client, head, futures }: LedgerOptions) {
    this.runtime = runtime;
    this.client = client;
    this.head = head;
    this.pass = new PassState(runtime.options.strict);
    this.#futures = futures ?? new Map();
    this.#takesSubmissions = !runtime.isShuttingDown;
  }

  future(key: string): Future | undefined {
    return this.#futures.get(key);
  }

  get futures(): Iterable<Future> {
    return this.#futures.values();
  }

  result(key: string): unknown {
    this.pass.ask(key);
    const future = this.#futures.get(key);
    if (future === undefined) {
      checkKey(key);
      throw new FutureNotSubmittedError(key);
    }
    if (future.isSettled) return this.#read(future);
    this.pass.awaited.add(future);
    throw new FutureNotResolvedError(key, future.call.task.id);
  }

  resultOr(key: string, fallback: unknown): unknown {
    this.pass.ask(key);
    const future = this.#futures.get(key);
    if (future === undefined) checkKey(key);
    else if (future.isSettled) return this.#read(future);
    else this.pass.awaited.add(future);
    return fallback;
  }

  submit(submission: Submission): void {
    const { key, task, args } = submission;
    this.pass.ask(key, task, args);
    const known = this.#futures.get(key);
    if (known?.isSettled === true) throw new FutureAlreadyResolvedError(key, known.call.task.id);
    if (known !== undefined && isSame(known, task, args)) {
      this.pass.awaited.add(known);
      return;
    }
    if (this.request === undefined) throw refusals.notReplayed(key);
    this.pass.awaited.add(this.#create(submission));
    if (known !== undefined) this.pass.awaited.delete(known);
  }

  /** The value if it is there; else the placeholder, and it is submitted. */
  resultOrSubmit(
    placeholder: unknown,
    key: string,
    task: AnyFunction,
    args: readonly unknown[],
    options: SubmitOptions | undefined,
  ): unknown {
    const future = this.#futures.get(key);
    if (future === undefined) {
      this.submit({ key, task, args, options });
      return placeholder;
    }
    this.pass.ask(key, task, args);
    this.#checkConflict(future, task, args);
    if (future.isSettled) return this.#read(future);
    this.pass.awaited.add(future);
    return placeholder;
  }

  /** Computes the value before the handler is called; those declared together go as one batch. */
  declare(submission: Submission): unknown {
    const { key, task, args } = submission;
    this.pass.ask(key, task, args);
    const known = this.#futures.get(key);
    if (known !== undefined) {
      this.#checkConflict(known, task, args);
      if (known.isSettled) return this.#read(known);
    }
    const future = known ?? this.#create(submission);
    if (future.state === 'pending') {
      this.pass.awaited.delete(future);
      this.#declared ??= new TurnBatch((futures) => this.#run(futures));
      this.#declared.add(future);
    }
    return future.settled.then(() => this.#read(future));
  }

  cancel(key: string): boolean {
    return this.#drop(key, (future) => !future.isSettled);
  }

  clear(key: string): boolean {
    return this.#drop(key, (future) => future.isSettled);
  }

  reset(key: string): boolean {
    return this.#drop(key, () => true);
  }

  /** Runs what the pass went on without. */
  async resolvePending(): Promise<void> {
    const awaited = [...this.pass.awaited];
    const pending = awaited.filter(({ state }) => state === 'pending');
    const batch = this.#run(pending);
    for (const future of pending) future.start(batch);
    await batch;
    // Others may have been started by another resolver of the same GraphQL request.
    if (pending.length < awaited.length) await Promise.all(awaited.map(({ settled }) => settled));
  }

  async #run(futures: readonly Future[]): Promise<void> {
    if (futures.length === 0) return;
    const { executors, options } = this.runtime;
    const start = performance.now() - this.pass.log.origin;
    const outcomes = await this.client.running(() => executors.run(futures, this.client));
    futures.forEach((future, i) => future.resolve(outcomes[i] as Outcome, start));
    if (options.serverTiming && !this.head.isSent) {
      this.head.setHeader('Server-Timing', serverTiming(this.pass.log.ended, this.futures));
    }
  }

  #read(future: Future): unknown {
    future.askedIn = this.pass.number;
    if (future.state === 'failed') throw future.value;
    return future.value;
  }

  #create(submission: Submission): Future {
    const { key } = submission;
    checkKey(key);
    this.#checkOpen(key);
    const { maxFutures } = this.runtime.options;
    if (this.#futures.size >= maxFutures && !this.#futures.has(key)) {
      throw new TooManyFuturesError(maxFutures, key);
    }
    const future = createFuture(this.runtime, submission, this.pass.number);
    this.pass.log.submitted(key);
    this.#futures.set(key, future);
    return future;
  }

  #checkOpen(key: string): void {
    if (!this.#takesSubmissions) throw refusals.shuttingDown(key);
    if (this.pass.phase === 'between') throw refusals.betweenPasses(key);
    if (this.pass.phase === 'ended') throw refusals.ended(key);
  }

  #checkConflict(future: Future, task: AnyFunction, args: readonly unknown[]): void {
    const conflict = conflictOf(future, task, args);
    if (conflict === undefined) return;
    this.pass.failure ??= conflict;
    throw conflict;
  }

  #drop(key: string, matches: (future: Future) => boolean): boolean {
    checkKey(key);
    const future = this.#futures.get(key);
    if (future === undefined || !matches(future)) return false;
    this.pass.awaited.delete(future);
    return this.#futures.delete(key);
  }
}
