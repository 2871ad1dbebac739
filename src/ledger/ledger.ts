import {
  ExecutorSaturatedError,
  FutureAlreadyResolvedError,
  FutureNotResolvedError,
  FutureNotSubmittedError,
  FuturesContextError,
  PassDiscardedError,
  TooManyFuturesError,
} from '../errors/index.js';
import type { Outcome } from '../executors/executor.js';
import type { FuturesRuntime } from '../futures.runtime.js';
import type { ResponseHead } from '../replay/response-head.js';
import type { ClientConnection } from './client-connection.js';
import type { Future } from './future.js';
import { PassLog } from './pass-log.js';
import {
  checkKey,
  checkSameArguments,
  checkSameTask,
  createFuture,
  isSame,
  type Submission,
} from './submission.js';

/**
 * What one request has submitted and resolved, over all its passes.
 *
 * @internal
 */
export class Ledger {
  readonly #futures = new Map<string, Future>();
  readonly #log = new PassLog();
  readonly #takesSubmissions: boolean;
  #pass = 1;
  #pending = 0;
  #phase: 'running' | 'between' | 'published' = 'running';
  #isPublishedAsIs = false;
  #discardHooks: (() => unknown)[] = [];
  /** Declared in this turn; they run as one batch. */
  #declared: Future[] = [];
  #declaredBatch: Promise<void> = Promise.resolve();

  /** The request whose passes an interceptor runs now; undefined if none does. */
  request: object | undefined;

  constructor(
    readonly runtime: FuturesRuntime,
    readonly client: ClientConnection,
    readonly head: ResponseHead,
  ) {
    this.#takesSubmissions = !runtime.isShuttingDown;
  }

  get pass(): number {
    return this.#pass;
  }

  get log(): PassLog {
    return this.#log;
  }

  get futures(): Iterable<Future> {
    return this.#futures.values();
  }

  /** Whether a pass is running: not between passes, not after the response. */
  get isRunning(): boolean {
    return this.#phase === 'running';
  }

  /** Whether the outcome of this pass, as things stand, is to be thrown away. */
  get mustDiscard(): boolean {
    return this.#pending > 0 && !this.#isPublishedAsIs && this.isRunning;
  }

  get pendingKeys(): string[] {
    return this.#pendingFutures().map(({ key }) => key);
  }

  result(key: string): unknown {
    const future = this.#futures.get(key);
    if (future === undefined) {
      checkKey(key);
      throw new FutureNotSubmittedError(key);
    }
    if (future.state === 'pending') throw new FutureNotResolvedError(key, future.call.task.id);
    return this.#read(future);
  }

  resultOr(key: string, fallback: unknown): unknown {
    const future = this.#futures.get(key);
    if (future === undefined) checkKey(key);
    return future === undefined || future.state === 'pending' ? fallback : this.#read(future);
  }

  submit(submission: Submission): void {
    const { key, task, args } = submission;
    const known = this.#futures.get(key);
    if (known !== undefined) {
      if (known.state !== 'pending') throw new FutureAlreadyResolvedError(key, known.call.task.id);
      if (isSame(known, task, args)) return;
    }
    this.#checkReplayed(key);
    const future = this.#create(submission);
    if (known === undefined) this.#pending++;
    this.#futures.set(key, future);
  }

  /** The value if it is there; else the placeholder, and it is submitted. */
  resultOrSubmit(submission: Submission, placeholder: unknown): unknown {
    const future = this.#futures.get(submission.key);
    if (future === undefined) {
      this.submit(submission);
      return placeholder;
    }
    checkSameTask(future, submission.task);
    if (future.state !== 'pending') return this.#read(future);
    checkSameArguments(future, submission.args);
    return placeholder;
  }

  /** Computes the value before the handler is called; those declared together go as one batch. */
  declare(submission: Submission): unknown {
    const { key } = submission;
    const known = this.#futures.get(key);
    if (known !== undefined) {
      checkSameTask(known, submission.task);
      if (known.state !== 'pending') return this.#read(known);
      checkSameArguments(known, submission.args);
      if (known.declared !== undefined) return known.declared;
      this.#pending--;
    }
    const future = this.#create(submission);
    this.#futures.set(key, future);
    if (this.#declared.push(future) === 1) this.#declaredBatch = this.#runDeclared();
    future.declared = this.#declaredBatch.then(() => this.#read(future));
    return future.declared;
  }

  cancel(key: string): boolean {
    return this.#drop(key, (future) => future.state === 'pending');
  }

  clear(key: string): boolean {
    return this.#drop(key, (future) => future.state !== 'pending');
  }

  reset(key: string): boolean {
    return this.#drop(key, () => true);
  }

  barrier(): void {
    if (this.mustDiscard) throw new PassDiscardedError(this.#pass);
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
    this.#log.end(this.pendingKeys);
    const hooks = this.#discardHooks;
    this.#discardHooks = [];
    for (const hook of hooks) await hook();
  }

  /** Runs everything that is pending. */
  async resolvePending(): Promise<void> {
    await this.#resolve(this.#pendingFutures());
    this.#pending = 0;
  }

  nextPass(): void {
    this.#pass++;
    this.#phase = 'running';
    this.#log.begin();
  }

  /** The outcome of this pass is the response. */
  end(): void {
    this.#phase = 'published';
  }

  async #runDeclared(): Promise<void> {
    // The other parameters of the signature are declared in this same turn.
    await Promise.resolve();
    const batch = this.#declared;
    this.#declared = [];
    await this.#resolve(batch);
  }

  async #resolve(futures: readonly Future[]): Promise<void> {
    const outcomes = await this.runtime.executors.run(futures, this.client.signal);
    futures.forEach((future, i) => future.resolve(outcomes[i] as Outcome));
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
    return createFuture(this.runtime, submission, this.#pass);
  }

  #checkReplayed(key: string): void {
    if (this.request !== undefined) return;
    throw new FuturesContextError(
      `The future "${key}" was submitted on a route that is not replayed, because nothing shows that it uses futures. ` +
        `Put @UseFutures() on the route or its controller.`,
      { key },
    );
  }

  #checkOpen(key: string): void {
    if (!this.#takesSubmissions) {
      throw new ExecutorSaturatedError('The app is shutting down and takes no new futures.', 1, {
        key,
      });
    }
    if (this.isRunning) return;
    throw new FuturesContextError(
      this.#phase === 'between'
        ? `The future "${key}" was submitted after its pass had been discarded. Await what the handler starts before it returns.`
        : `The future "${key}" was submitted after the response had been published. Submit in the handler, or in what it calls.`,
      { key },
    );
  }

  #drop(key: string, matches: (future: Future) => boolean): boolean {
    const future = this.#futures.get(key);
    if (future === undefined || !matches(future)) return false;
    if (isPending(future)) this.#pending--;
    return this.#futures.delete(key);
  }

  #pendingFutures(): Future[] {
    return [...this.#futures.values()].filter(isPending);
  }
}

/** Whether it waits for this pass to end; a declared future is on its way already. */
function isPending({ state, declared }: Future): boolean {
  return state === 'pending' && declared === undefined;
}
