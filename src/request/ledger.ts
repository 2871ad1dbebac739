import { types } from 'node:util';
import {
  FutureAlreadyResolvedError,
  FutureConflictError,
  FutureNotResolvedError,
  FutureNotSubmittedError,
  TooManyFuturesError,
} from '../errors/index.js';
import type { FuturesRuntime } from './futures.runtime.js';
import type { ResponseHead } from '../http/response-head.js';
import type { ClientConnection } from '../http/client-connection.js';
import type { Future } from './future.js';
import { FutureRunner } from './future-runner.js';
import { Marks } from './mark.js';
import type { AnyFunction } from '../wire/protocol.js';
import { PassState } from './pass.js';
import {
  type Submission,
  type SubmitOptions,
  checkKey,
  conflictOf,
  createFuture,
  isSame,
  refusals,
} from './submission.js';
import type { UnreadMode } from './futures.options.js';

const { isPromise } = types;

/** What a ledger needs to know about its request. */
export interface LedgerOptions {
  readonly runtime: FuturesRuntime;
  readonly client: ClientConnection;
  readonly head: ResponseHead;
  /** State that the resolvers of one GraphQL request share. Default: the ledger's own maps. */
  readonly shared?: SharedState | undefined;
}

/** Options that a route may set for its requests. */
export interface RouteOptions {
  readonly maxPasses?: number | undefined;
  readonly timeout?: number | undefined;
  readonly unread?: UnreadMode | undefined;
}

/** State that several ledgers of one request share. */
export interface SharedState {
  readonly futures: Map<string, Future>;
  /** Results kept by `once()`, by key. */
  readonly kept: Map<string, unknown>;
}

/**
 * What one request (in GraphQL, one resolver) has submitted and resolved, in all its passes.
 *
 * @internal
 */
export class Ledger {
  readonly runtime: FuturesRuntime;
  readonly client: ClientConnection;
  readonly head: ResponseHead;
  readonly pass: PassState;
  /** The request (outside HTTP, the context) whose passes an interceptor runs now, if one does. */
  request: object | undefined;
  /** Undoes the changes that passes made to the response head. */
  restoreHead: () => void = () => {};

  /** The last stale future, if it was stale more than once (see `#isStale`). */
  stale: { readonly key: string; readonly before: unknown; readonly after: unknown } | undefined;
  /** Whether the handler used `once()`, or `barrier()`. */
  usesOnce = false;
  usesBarrier = false;
  /** Whether a barrier stands around the handler, and notes whether the handler ran. */
  hasBarrier = false;
  /** The `@UseFutures()` options of its route. */
  route: RouteOptions = {};

  readonly #futures: Map<string, Future>;
  /** Results kept by `once()`, by key. */
  readonly #kept: Map<string, unknown>;
  /** What the passes of this ledger did with its keys. */
  readonly marks: Marks;
  readonly #runner: FutureRunner;
  readonly #takesSubmissions: boolean;

  constructor({ runtime, client, head, shared }: LedgerOptions) {
    this.runtime = runtime;
    this.client = client;
    this.head = head;
    this.pass = new PassState(runtime.options.strict);
    this.#futures = shared?.futures ?? new Map();
    this.#kept = shared?.kept ?? new Map();
    this.marks = new Marks(shared !== undefined);
    this.#runner = new FutureRunner(this);
    this.#takesSubmissions = !runtime.isShuttingDown;
  }

  /** Maximum number of passes of this request. */
  get maxPasses(): number {
    return this.route.maxPasses ?? this.runtime.options.maxPasses;
  }

  /** What happens if the published pass leaves a key unread. */
  get unread(): UnreadMode {
    return this.route.unread ?? this.runtime.options.unread;
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
      this.marks.of(known).askedIn = this.pass.number;
      return;
    }
    this.#submit(submission, known);
  }

  /** Returns the value if it is there; else submits the task, once, and returns the placeholder. */
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

  /** Computes the value before the handler runs. Futures declared together run as one batch. */
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
      this.#runner.runSoon(declared);
    }
    return declared.settled.then(() => this.#read(declared));
  }

  /** Stores a value that is already known under a key. */
  provide(key: string, value: unknown): void {
    checkKey(key);
    this.pass.ask(key);
    const known = this.#futures.get(key);
    if (known !== undefined) this.marks.of(known).askedIn = this.pass.number;
    const isOfEarlierPass = known?.isProvided === true && known.providedIn < this.pass.number;
    if (known?.isSettled === true && !isOfEarlierPass) {
      throw new FutureAlreadyResolvedError(key, known.call.task.id);
    }
    const wasHandedOut = known !== undefined && this.pass.awaited.delete(known);
    const future = this.#create({ key, task: provided, args: [], options: undefined });
    future.provide(value, this.pass.number);
    // This pass went on with the placeholder: discard it, so that the next one gets the value.
    if (wasHandedOut) this.pass.awaited.add(future);
    this.marks.of(future).askedIn = this.pass.number;
  }

  /** Returns what the function returned in the first pass that reached it. */
  once(key: string, run: () => unknown): unknown {
    checkKey(key);
    this.usesOnce = true;
    if (this.#kept.has(key)) return this.#kept.get(key);
    this.#checkOpen(key);
    return keep(this.#kept, key, run());
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

  /** Runs the futures that the pass went on without. */
  resolvePending(): Promise<unknown> {
    return this.#runner.runAll([...this.pass.awaited]);
  }

  #read(future: Future): unknown {
    const mark = this.marks.of(future);
    mark.askedIn = this.pass.number;
    mark.readIn = this.pass.number;
    return future.read(this.pass.log.token);
  }

  /** Notes what this pass gets in place of a value, and returns it. */
  #handOut(key: string, future: Future | undefined, placeholder: unknown): unknown {
    const { pass } = this;
    const mark = future === undefined ? this.marks.ofUnsubmitted(key) : this.marks.of(future);
    mark.askedIn = pass.number;
    if (mark.handedOutIn !== pass.number) {
      mark.handedOutIn = pass.number;
      mark.placeholder = placeholder;
      mark.isAfterOthers = pass.hasHandedOut;
    }
    pass.hasHandedOut = true;
    return placeholder;
  }

  /**
   * Whether a settled future was computed with other arguments than it is asked for with now. Its
   * own arguments may have come from a placeholder, so its value is not the requested one.
   */
  #isStale(future: Future, args: readonly unknown[]): boolean {
    if (future.isProvided || this.pass.isRehearsal) return false;
    if (!future.isCompared) {
      if (future.isAskedOtherwise(args, this.pass.number)) this.#conflict(future);
      return false;
    }
    if (future.wasSent(args)) return false;
    if (this.marks.of(future).askedIn === this.pass.number || this.marks.areFuturesShared) {
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
    this.marks.of(future).askedIn = this.pass.number;
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
      this.pass.hasHandedOut || this.runtime.usesContext || this.marks.areFuturesShared;
    const future = createFuture(this.runtime, submission, isCompared, this.route.timeout);
    this.pass.log.submitted(key);
    if (!this.marks.areFuturesShared) {
      future.takeOver(this.#futures.get(key) ?? this.marks.before(key));
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

  /** Fails if one pass, or two resolvers, ask for the same key with different arguments. */
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
    this.marks.delete(key);
    return this.#futures.delete(key);
  }
}

/** Stands in for the task of a provided value. */
function provided(): void {}

/** Keeps the result of `once()`; drops a rejected promise, so that the next pass tries again. */
function keep(kept: Map<string, unknown>, key: string, value: unknown): unknown {
  kept.set(key, value);
  if (!isPromise(value)) return value;
  // The pass may have ended, so that nobody awaits this promise.
  value.catch(() => {
    if (kept.get(key) === value) kept.delete(key);
  });
  return value;
}
