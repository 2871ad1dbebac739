import { types } from 'node:util';
import {
  FutureAlreadyResolvedError,
  FutureConflictError,
  FutureNotResolvedError,
  FutureNotSubmittedError,
  TooManyFuturesError,
} from '../errors/index.js';
import type { Outcome } from '../executors/executor.js';
import type { FuturesRuntime } from '../futures.runtime.js';
import type { ResponseHead } from '../replay/response-head.js';
import { serverTiming } from '../replay/server-timing.js';
import type { ClientConnection } from './client-connection.js';
import { Mark, type Future } from './future.js';
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
import type { UnreadMode } from './unread-mode.js';
import { TurnBatch } from './turn-batch.js';

const { isPromise } = types;

/** What a ledger is told of its request. */
export interface LedgerOptions {
  readonly runtime: FuturesRuntime;
  readonly client: ClientConnection;
  readonly head: ResponseHead;
  /** What the resolvers of one GraphQL request share. Default: maps of its own. */
  readonly shared?: SharedState | undefined;
}

/** What a route may set for its requests. */
export interface RouteOptions {
  readonly maxPasses?: number | undefined;
  readonly timeout?: number | undefined;
  readonly unread?: UnreadMode | undefined;
}

/** What several ledgers of one request share. */
export interface SharedState {
  readonly futures: Map<string, Future>;
  /** What was kept by `once()`. */
  readonly kept: Map<string, unknown>;
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

  /** The last settled future that was asked for with other arguments than it was computed with. */
  stale: { readonly key: string; readonly before: unknown; readonly after: unknown } | undefined;
  /** Whether the handler used `once()`, or `barrier()`. */
  usesOnce = false;
  usesBarrier = false;
  /** Whether a barrier stands around the handler, and tells whether it has run. */
  hasBarrier = false;
  /** What `@UseFutures()` says of its route. */
  route: RouteOptions = {};

  readonly #futures: Map<string, Future>;
  /** What was kept by `once()`. */
  readonly #kept: Map<string, unknown>;
  /** What the passes of this ledger did with futures that it shares with others; undefined: they are its own. */
  readonly #marks: Map<string, Mark> | undefined;
  /** The same, of keys that nothing was submitted under. */
  #unsubmitted: Map<string, Mark> | undefined;
  #declared: TurnBatch | undefined;
  readonly #takesSubmissions: boolean;

  constructor({ runtime, client, head, shared }: LedgerOptions) {
    this.runtime = runtime;
    this.client = client;
    this.head = head;
    this.pass = new PassState(runtime.options.strict);
    this.#futures = shared?.futures ?? new Map();
    this.#kept = shared?.kept ?? new Map();
    this.#marks = shared && new Map();
    this.#takesSubmissions = !runtime.isShuttingDown;
  }

  /** Passes of this request at most. */
  get maxPasses(): number {
    return this.route.maxPasses ?? this.runtime.options.maxPasses;
  }

  /** What happens when the published pass leaves a key unread. */
  get unread(): UnreadMode {
    return this.route.unread ?? this.runtime.options.unread;
  }

  future(key: string): Future | undefined {
    return this.#futures.get(key);
  }

  get futures(): Iterable<Future> {
    return this.#futures.values();
  }

  /** What this ledger's passes did with a future's key; undefined: nothing. */
  mark(future: Future): Mark | undefined {
    return this.#marks === undefined ? future : this.#marks.get(future.key);
  }

  result(key: string): unknown {
    this.pass.ask(key);
    const future = this.#futures.get(key);
    if (future?.isSettled === true) return this.#read(future);
    if (future === undefined) checkKey(key);
    else this.pass.awaited.add(future);
    this.#handOut(key, future, undefined);
    if (future === undefined) throw new FutureNotSubmittedError(key);
    throw new FutureNotResolvedError(key, future.call.task.id);
  }

  resultOr(key: string, fallback: unknown): unknown {
    this.pass.ask(key);
    const future = this.#futures.get(key);
    if (future?.isSettled === true) return this.#read(future);
    if (future === undefined) checkKey(key);
    else this.pass.awaited.add(future);
    return this.#handOut(key, future, fallback);
  }

  submit(submission: Submission): void {
    const { key, task, args } = submission;
    this.pass.ask(key, task, args);
    const known = this.#futures.get(key);
    if (known?.isSettled === true) throw new FutureAlreadyResolvedError(key, known.call.task.id);
    if (known !== undefined && isSame(known, task, args)) {
      this.pass.awaited.add(known);
      this.#markOf(known).askedIn = this.pass.number;
      return;
    }
    this.#submit(submission, known);
  }

  /** The value if it is there; else the placeholder, and it is submitted. */
  resultOrSubmit(
    placeholder: unknown,
    key: string,
    task: AnyFunction,
    args: readonly unknown[],
    options: SubmitOptions | undefined,
  ): unknown {
    const known = this.#futures.get(key);
    if (known === undefined) {
      this.pass.ask(key, task, args);
      return this.#handOut(key, this.#submit({ key, task, args, options }), placeholder);
    }
    this.pass.ask(key, task, args);
    this.#checkConflict(known, task, args);
    if (known.isSettled) {
      if (!this.#isStale(known, args)) return this.#read(known);
      return this.#handOut(key, this.#submit({ key, task, args, options }, known), placeholder);
    }
    this.pass.awaited.add(known);
    return this.#handOut(key, known, placeholder);
  }

  /** Computes the value before the handler is called; those declared together go as one batch. */
  declare(submission: Submission): unknown {
    const { key, task, args } = submission;
    this.pass.ask(key, task, args);
    let future = this.#futures.get(key);
    if (future !== undefined) {
      this.#checkConflict(future, task, args);
      if (future.isSettled) {
        if (!this.#isStale(future, args)) return this.#read(future);
        future = undefined;
      }
    }
    const declared = future ?? this.#create(submission);
    declared.isAskedOtherwise(args, this.pass.number);
    if (declared.state === 'pending') {
      this.pass.awaited.delete(declared);
      this.#declared ??= new TurnBatch((futures) => this.#run(futures));
      this.#declared.add(declared);
    }
    return declared.settled.then(() => this.#read(declared));
  }

  /** Puts a value that is known already under a key. */
  provide(key: string, value: unknown): void {
    checkKey(key);
    this.pass.ask(key);
    const known = this.#futures.get(key);
    if (known !== undefined) this.#markOf(known).askedIn = this.pass.number;
    const isOfEarlierPass = known?.isProvided === true && known.providedIn < this.pass.number;
    if (known?.isSettled === true && !isOfEarlierPass) {
      throw new FutureAlreadyResolvedError(key, known.call.task.id);
    }
    const wasHandedOut = known !== undefined && this.pass.awaited.delete(known);
    const future = this.#create({ key, task: provided, args: [], options: undefined });
    future.provide(value, this.pass.number);
    // The pass has gone on with the placeholder: the next one is given the value.
    if (wasHandedOut) this.pass.awaited.add(future);
    this.#markOf(future).askedIn = this.pass.number;
  }

  /** What a function gives in the first pass that reaches it. */
  once(key: string, run: () => unknown): unknown {
    checkKey(key);
    this.usesOnce = true;
    if (this.#kept.has(key)) return this.#kept.get(key);
    this.#checkOpen(key);
    const value = run();
    this.#kept.set(key, value);
    if (!isPromise(value)) return value;
    // An error is not kept. Nobody may be left to await it: its pass may have ended.
    value.catch(() => {
      if (this.#kept.get(key) === value) this.#kept.delete(key);
    });
    return value;
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
  resolvePending(): Promise<unknown> {
    const awaited = [...this.pass.awaited];
    const pending = awaited.filter(({ state }) => state === 'pending');
    const batch = this.#run(pending);
    for (const future of pending) future.start(batch);
    if (pending.length === awaited.length) return batch;
    // Others were started by another resolver of the same GraphQL request.
    return Promise.all(awaited.map(({ settled }) => settled));
  }

  async #run(futures: readonly Future[]): Promise<void> {
    if (futures.length === 0) return;
    const { executors, options } = this.runtime;
    const start = performance.now() - this.pass.log.origin;
    for (const future of futures) future.seal();
    this.client.batches++;
    const outcomes = await executors.run(futures, this.client);
    this.client.batches--;
    futures.forEach((future, i) => future.resolve(outcomes[i] as Outcome, start));
    if (options.serverTiming && !this.head.isSent) {
      this.head.setHeader('Server-Timing', serverTiming(this.pass.log.ended, this.futures));
    }
  }

  #read(future: Future): unknown {
    const mark = this.#markOf(future);
    mark.askedIn = this.pass.number;
    mark.readIn = this.pass.number;
    return future.read(this.pass.log.token);
  }

  /** Notes what a pass is given in place of a value, and returns it. */
  #handOut(key: string, future: Future | undefined, placeholder: unknown): unknown {
    const { pass } = this;
    const mark = future === undefined ? this.#unsubmittedMark(key) : this.#markOf(future);
    mark.askedIn = pass.number;
    if (mark.handedOutIn !== pass.number) {
      mark.handedOutIn = pass.number;
      mark.placeholder = placeholder;
      mark.isAfterOthers = pass.hasHandedOut;
    }
    pass.hasHandedOut = true;
    return placeholder;
  }

  #markOf(future: Future): Mark {
    if (this.#marks === undefined) return future;
    let mark = this.#marks.get(future.key);
    if (mark === undefined) this.#marks.set(future.key, (mark = new Mark()));
    return mark;
  }

  /** Of a key that nothing was submitted under yet. */
  #unsubmittedMark(key: string): Mark {
    const marks = this.#marks ?? (this.#unsubmitted ??= new Map<string, Mark>());
    let mark = marks.get(key);
    if (mark === undefined) marks.set(key, (mark = new Mark()));
    return mark;
  }

  /**
   * Whether a settled future was computed with other arguments than it is asked for with, so that
   * its value is not the one that is asked for: they may have come from a placeholder.
   */
  #isStale(future: Future, args: readonly unknown[]): boolean {
    if (future.isProvided || this.pass.isRehearsal) return false;
    if (!future.isCompared) {
      if (future.isAskedOtherwise(args, this.pass.number)) this.#conflict(future);
      return false;
    }
    if (future.wasSent(args)) return false;
    if (this.#markOf(future).askedIn === this.pass.number || this.#marks !== undefined) {
      this.#conflict(future);
    }
    future.timesStale++;
    this.stale =
      future.timesStale > 1
        ? { key: future.key, before: future.call.args, after: args }
        : undefined;
    return true;
  }

  #submit(submission: Submission, known?: Future): Future {
    if (this.request === undefined) throw refusals.notReplayed(submission.key);
    const future = this.#create(submission);
    this.pass.awaited.add(future);
    if (known !== undefined) this.pass.awaited.delete(known);
    this.#markOf(future).askedIn = this.pass.number;
    return future;
  }

  #create(submission: Submission): Future {
    const { key } = submission;
    checkKey(key);
    this.#checkOpen(key);
    const { maxFutures } = this.runtime.options;
    if (this.#futures.size >= maxFutures && !this.#futures.has(key)) {
      throw new TooManyFuturesError(maxFutures, key);
    }
    const isCompared =
      this.pass.hasHandedOut || this.runtime.usesContext || this.#marks !== undefined;
    const future = createFuture(this.runtime, submission, isCompared, this.route.timeout);
    this.pass.log.submitted(key);
    if (this.#marks === undefined) {
      future.takeOver(this.#futures.get(key) ?? this.#unsubmitted?.get(key));
    }
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
    if (conflict !== undefined) this.#fail(conflict);
  }

  /** One key is asked for as two computations in one pass, or by two resolvers. */
  #conflict({ key, call }: Future): never {
    return this.#fail(new FutureConflictError(key, call.task.id, call.task.id));
  }

  #fail(error: Error): never {
    this.pass.failure ??= error;
    throw error;
  }

  #drop(key: string, matches: (future: Future) => boolean): boolean {
    checkKey(key);
    const future = this.#futures.get(key);
    if (future === undefined || !matches(future)) return false;
    this.pass.awaited.delete(future);
    this.#marks?.delete(key);
    this.#unsubmitted?.delete(key);
    return this.#futures.delete(key);
  }
}

/** Stands for the task of a value that was provided. */
function provided(): void {}
