import { FuturesArgumentError } from './errors/index.js';
import { describe } from './errors/text.js';
import type { Ledger } from './request/ledger.js';
import { reportOf, type FuturesReport } from './request/report.js';
import type { ClonableArgs } from './tasks/task.js';
import { checkSubmitOptions, type SubmitOptions } from './request/submission.js';

/**
 * The futures of the current request.
 *
 * Every member except `using()` throws `FuturesContextError` where no request is being handled:
 * outside requests, in middleware and in guards, and on a route that is not replayed.
 *
 * @example
 * ```ts
 * const chart = this.futures.resultOrSubmit('chart', '', tasks.renderChart, spec);
 * ```
 *
 * @publicApi
 */
export class FuturesService {
  readonly #locate: () => Ledger;
  readonly #options: SubmitOptions | undefined;

  /** @internal Created by the module: inject it, or take it with `@Futures()`. */
  constructor(locate: () => Ledger, options?: SubmitOptions) {
    this.#locate = locate;
    this.#options = options;
  }

  /** The current pass, from 1. */
  get pass(): number {
    return this.#locate().pass.number;
  }

  /** Whether this is not the first pass. */
  get isReplay(): boolean {
    return this.#locate().pass.number > 1;
  }

  /**
   * Aborted when the client disconnects before its response has ended, or when something other than
   * the handler, such as a timeout, answers while tasks of the request run.
   */
  get signal(): AbortSignal {
    return this.#locate().client.signal;
  }

  /**
   * Returns the value of a future.
   *
   * @param key the key it was submitted under
   * @param fallback what to return while it is pending, or if it was never submitted
   * @returns the value, or the fallback
   * @throws the task's own error if the task failed
   * @throws FutureNotResolvedError if it is pending, and no fallback is given
   * @throws FutureNotSubmittedError if it was never submitted, and no fallback is given
   */
  result<Value = unknown>(key: string): Value;
  result<Value = unknown, Fallback = Value>(key: string, fallback: Fallback): Value | Fallback;
  result(key: string, ...fallback: unknown[]): unknown {
    const ledger = this.#locate();
    return fallback.length === 0 ? ledger.result(key) : ledger.resultOr(key, fallback[0]);
  }

  /**
   * Asks for a value, which is there in the next pass. A key that is pending with the same task and
   * equal arguments is left alone; with another task or other arguments, it is replaced. Arguments
   * are sent when the pass has ended: leave them unchanged until then.
   *
   * @param task a handle from a task file, or a plain function, which runs on the event loop
   * @throws FutureAlreadyResolvedError if the key already has its value
   * @throws TooManyFuturesError if the request would hold more than `maxFutures`
   * @throws ExecutorSaturatedError if the app is shutting down
   */
  submit<Args extends unknown[], Result>(
    key: string,
    task: (...args: Args) => Result,
    ...args: ClonableArgs<Args>
  ): true {
    this.#locate().submit({ key, task, args, options: this.#options });
    return true;
  }

  /**
   * Returns the value if it is there; otherwise asks for it, once, and returns the placeholder.
   *
   * @param placeholder what this pass works with; it is not published
   * @throws the task's own error if the task failed
   * @throws FutureConflictError if the key has another task, or is pending with other arguments
   */
  resultOrSubmit<Args extends unknown[], Result, Placeholder>(
    key: string,
    placeholder: Placeholder,
    task: (...args: Args) => Result,
    ...args: ClonableArgs<Args>
  ): Awaited<Result> | Placeholder {
    const value = this.#locate().resultOrSubmit(placeholder, key, task, args, this.#options);
    return value as Awaited<Result> | Placeholder;
  }

  /**
   * Stores a value that is already known (from a cache, for example) under a key, for this pass and
   * the next ones. A pending future of that key is dropped; its task does not run. A replay may
   * provide it again.
   *
   * @throws FutureAlreadyResolvedError if a task, or this pass, has already given the key its value
   */
  provide(key: string, value: unknown): void {
    this.#locate().provide(key, value);
  }

  /**
   * Calls the function in the first pass that reaches it, and keeps its result for all passes of
   * the request: the time, a random id, a write that must happen once. A promise is kept as it is.
   * An error is not kept, so the next pass tries again.
   *
   * @example
   * ```ts
   * const order = await this.futures.once('order', () => this.orders.insert(cart));
   * ```
   */
  once<Value>(key: string, run: () => Value): Value {
    if (typeof run !== 'function') {
      throw new FuturesArgumentError(`once() takes a function, not ${describe(run)}.`);
    }
    return this.#locate().once(key, run) as Value;
  }

  /** Drops a pending future; its task does not run. Returns whether there was one. */
  cancel(key: string): boolean {
    return this.#locate().cancel(key);
  }

  /** Drops a resolved future. Returns whether there was one. */
  clear(key: string): boolean {
    return this.#locate().clear(key);
  }

  /** Drops a future, pending or resolved. Returns whether there was one. */
  reset(key: string): boolean {
    return this.#locate().reset(key);
  }

  /**
   * The same service, with these options for what it submits.
   *
   * @throws FuturesOptionsError if an option is out of range
   */
  using(options: SubmitOptions): FuturesService {
    checkSubmitOptions(options);
    return new FuturesService(this.#locate, { ...this.#options, ...options });
  }

  /**
   * Ends this pass now if anything is pending. Code after it runs only in a pass that has nothing
   * pending. A promise that was started before it and is awaited after it is left behind, and must
   * not reject while nobody listens.
   *
   * @throws PassDiscardedError if anything is pending: do not catch it
   */
  barrier(): void {
    const ledger = this.#locate();
    ledger.usesBarrier = true;
    ledger.pass.barrier();
  }

  /** Publishes this pass as it is, placeholders included; tasks of pending futures do not run. */
  publish(): void {
    this.#locate().pass.isPublishedAsIs = true;
  }

  /**
   * Runs a function when this pass is discarded, before its tasks start; it is awaited. If one
   * throws, the others still run, and the request fails with its error.
   *
   * @throws FuturesArgumentError if it is not a function
   */
  onDiscard(hook: () => unknown): void {
    if (typeof hook !== 'function') {
      throw new FuturesArgumentError(`onDiscard() takes a function, not ${describe(hook)}.`);
    }
    this.#locate().pass.onDiscard(hook);
  }

  /** What the request did so far: its passes, its futures, where they ran and for how long. */
  report(): FuturesReport {
    return reportOf(this.#locate());
  }
}
