import {
  FutureAlreadyResolvedError,
  FutureNotResolvedError,
  FutureNotSubmittedError,
  PassDiscardedError,
  TooManyFuturesError,
} from '../errors/index.js';
import type { Outcome } from '../executors/executor.js';
import type { FuturesRuntime } from '../futures.runtime.js';
import type { ResponseHead } from '../replay/response-head.js';
import { serverTiming } from '../replay/server-timing.js';
import type { ClientConnection } from './client-connection.js';
import type { Future } from './future.js';
import { PassLog } from './pass-log.js';
import { refusals } from './refusals.js';
import { checkKey, conflictOf, createFuture, isSame, type Submission } from './submission.js';
import { TurnBatch } from './turn-batch.js';

/** What a ledger is told of its request. */
export interface LedgerOptions {
  readonly runtime: FuturesRuntime;
  readonly client: ClientConnection;
  readonly head: ResponseHead;
  /** Resolvers of one GraphQL request share their futures. Default: a map of its own. */
  readonly futures?: Map<string, Future> | undefined;
}

/** What was asked for by a key: with a task, or just for its value. */
export type Ask = Partial<Pick<Submission, 'task' | 'args'>>;

/** What a pass came to. */
export type PassOutcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * What one request (in GraphQL: one resolver) has submitted and resolved, over all its passes.
 *
 * @internal
 */
export class Ledger {
  readonly runtime: FuturesRuntime;
  readonly client: ClientConnection;
  readonly head: ResponseHead;
  readonly log = new PassLog();
  /** The request whose passes an interceptor runs now; undefined if none does. */
  request: object | undefined;
  /** What the handler came to in this pass, before other interceptors changed it. */
  outcome: PassOutcome | undefined;
  /**
   * An error that is the outcome of the request, whatever is pending: were the pass discarded, the
   * next one might not meet it again, and go on with a wrong value.
   */
  failure: Error | undefined;
  /** Undoes what passes did to the response's head. */
  restoreHead: () => void = () => {};

  readonly #futures: Map<string, Future>;
  /** What this pass goes on without. */
  readonly #awaited = new Set<Future>();
  readonly #takesSubmissions: boolean;
  #pass = 1;
  #phase: 'running' | 'between' | 'ended' = 'running';
  #isPublishedAsIs = false;
  #isRehearsal = false;
  #discardHooks: (() => unknown)[] = [];
  #asks: Map<string, Ask> | undefined;
  readonly #declared = new TurnBatch((futures) => this.#run(futures));

  constructor({ runtime, client, head, futures }: LedgerOptions) {
    this.runtime = runtime;
    this.client = client;
    this.head = head;
    this.#futures = futures ?? new Map();
    this.#takesSubmissions = !runtime.isShuttingDown;
    if (runtime.options.strict) this.#asks = new Map();
  }

  get pass(): number {
    return this.#pass;
  }

  get futures(): Iterable<Future> {
    return this.#futures.values();
  }

  /** Whether a pass is running: not between passes, not after the last. */
  get isRunning(): boolean {
    return this.#phase === 'running';
  }

  /** Whether the outcome of this pass, as things stand, is to be thrown away. */
  get mustDiscard(): boolean {
    if (!this.isRunning || this.failure !== undefined) return false;
    return this.#isRehearsal || (this.#awaited.size > 0 && !this.#isPublishedAsIs);
  }

  /** The error that stands for the outcome of this pass where that must not be published. */
  rejection(cause?: unknown): Error | undefined {
    return (
      this.failure ?? (this.mustDiscard ? new PassDiscardedError(this.#pass, cause) : undefined)
    );
  }

  /** Whether this pass is published with its placeholders. */
  get isPublishedAsIs(): boolean {
    return this.#isPublishedAsIs;
  }

  get pendingKeys(): string[] {
    return Array.from(this.#awaited, ({ key }) => key);
  }

  /** What this pass asked for, by key; kept with the option `strict` only. */
  get asks(): ReadonlyMap<string, Ask> {
    return this.#asks ?? new Map();
  }

  result(key: string): unknown {
    this.#asks?.set(key, {});
    const future = this.#futures.get(key);
    if (future === undefined) {
      checkKey(key);
      throw new FutureNotSubmittedError(key);
    }
    if (future.isSettled) return this.#read(future);
    this.#awaited.add(future);
    throw new FutureNotResolvedError(key, future.call.task.id);
  }

  resultOr(key: string, fallback: unknown): unknown {
    this.#asks?.set(key, {});
    const future = this.#futures.get(key);
    if (future === undefined) checkKey(key);
    else if (future.isSettled) return this.#read(future);
    else this.#awaited.add(future);
    return fallback;
  }

  submit(submission: Submission): void {
    const { key, task, args } = submission;
    this.#asks?.set(key, submission);
    const known = this.#futures.get(key);
    if (known?.isSettled === true) throw new FutureAlreadyResolvedError(key, known.call.task.id);
    if (known !== undefined && isSame(known, task, args)) {
      this.#awaited.add(known);
      return;
    }
    if (this.request === undefined) throw refusals.notReplayed(key);
    this.#awaited.add(this.#create(submission));
    if (known !== undefined) this.#awaited.delete(known);
  }

  /** The value if it is there; else the placeholder, and it is submitted. */
  resultOrSubmit(submission: Submission, placeholder: unknown): unknown {
    this.#asks?.set(submission.key, submission);
    const future = this.#futures.get(submission.key);
    if (future === undefined) {
      this.submit(submission);
      return placeholder;
    }
    this.#checkConflict(future, submission);
    if (future.isSettled) return this.#read(future);
    this.#awaited.add(future);
    return placeholder;
  }

  /** Computes the value before the handler is called; those declared together go as one batch. */
  declare(submission: Submission): unknown {
    this.#asks?.set(submission.key, submission);
    const known = this.#futures.get(submission.key);
    if (known !== undefined) {
      this.#checkConflict(known, submission);
      if (known.isSettled) return this.#read(known);
    }
    const future = known ?? this.#create(submission);
    if (future.state === 'pending') {
      this.#awaited.delete(future);
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

  barrier(): void {
    const rejection = this.rejection();
    if (rejection !== undefined) throw rejection;
  }

  publish(): void {
    this.#isPublishedAsIs = true;
  }

  onDiscard(hook: () => unknown): void {
    this.#discardHooks.push(hook);
  }

  /** Ends a pass that is thrown away, and runs the hooks it left. */
  async discard(): Promise<void> {
    this.#phase = 'between';
    this.log.end();
    const hooks = this.#discardHooks;
    this.#discardHooks = [];
    for (const hook of hooks) await hook();
  }

  /** Runs what the pass went on without. */
  async resolvePending(): Promise<void> {
    const awaited = [...this.#awaited];
    this.#awaited.clear();
    const pending = awaited.filter(({ state }) => state === 'pending');
    const batch = this.#run(pending);
    for (const future of pending) future.start(batch);
    // Others may have been started by another resolver of the same GraphQL request.
    await Promise.all(new Set(awaited.map(({ settled }) => settled)));
  }

  nextPass(): void {
    this.#pass++;
    this.#phase = 'running';
    this.outcome = undefined;
    this.log.begin();
    if (this.#asks !== undefined) this.#asks = new Map();
  }

  /** Starts a pass that is discarded whatever its outcome, to compare it with the one before. */
  rehearse(): void {
    this.#isRehearsal = true;
    this.nextPass();
  }

  /** No pass follows. */
  end(): void {
    this.#phase = 'ended';
  }

  async #run(futures: readonly Future[]): Promise<void> {
    if (futures.length === 0) return;
    const { executors, options } = this.runtime;
    const start = performance.now() - this.log.origin;
    const outcomes = await executors.run(futures, this.client.signal);
    futures.forEach((future, i) => future.resolve(outcomes[i] as Outcome, start));
    if (options.serverTiming && !this.head.isSent) {
      this.head.setHeader('Server-Timing', serverTiming(this.log.ended, this.futures));
    }
  }

  #read(future: Future): unknown {
    future.askedIn = this.#pass;
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
    const future = createFuture(this.runtime, submission, this.#pass);
    this.log.submitted(key);
    this.#futures.set(key, future);
    return future;
  }

  #checkOpen(key: string): void {
    if (!this.#takesSubmissions) throw refusals.shuttingDown(key);
    if (this.#phase === 'between') throw refusals.betweenPasses(key);
    if (this.#phase === 'ended') throw refusals.ended(key);
  }

  #checkConflict(future: Future, submission: Submission): void {
    const conflict = conflictOf(future, submission);
    if (conflict === undefined) return;
    this.failure ??= conflict;
    throw conflict;
  }

  #drop(key: string, matches: (future: Future) => boolean): boolean {
    const future = this.#futures.get(key);
    if (future === undefined || !matches(future)) return false;
    this.#awaited.delete(future);
    return this.#futures.delete(key);
  }
}
