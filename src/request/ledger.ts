import { types } from 'node:util';
import {
  FutureAlreadyResolvedError,
  FutureConflictError,
  FutureNotResolvedError,
  FutureNotSubmittedError,
} from '../errors/index.js';
import type { AnyFunction } from '../wire/protocol.js';
import { FutureStore } from './future-store.js';
import type { Future } from './future.js';
import { checkKey, conflictOf, isSame, type Submission, type SubmitOptions } from './submission.js';

const { isPromise } = types;

/**
 * What one request (in GraphQL, one resolver) has submitted and resolved, in all its passes: what
 * `FuturesService` and the decorators ask.
 *
 * @internal
 */
export class Ledger extends FutureStore {
  result(key: string): unknown {
    this.pass.ask(key);
    const future = this.future(key);
    if (future?.isSettled === true) return this.read(future);
    if (future === undefined) checkKey(key);
    else this.pass.awaited.add(future);
    this.handOut(key, future, undefined);
    if (future === undefined) throw new FutureNotSubmittedError(key);
    throw new FutureNotResolvedError(key, future.call.task.id);
  }

  resultOr(key: string, fallback: unknown): unknown {
    this.pass.ask(key);
    const future = this.future(key);
    if (future?.isSettled === true) return this.read(future);
    if (future === undefined) checkKey(key);
    else this.pass.awaited.add(future);
    return this.handOut(key, future, fallback);
  }

  submit(submission: Submission): void {
    const { key, task, args } = submission;
    this.pass.ask(key, task, args);
    const known = this.future(key);
    if (known?.isSettled === true) throw new FutureAlreadyResolvedError(key, known.call.task.id);
    if (known !== undefined && isSame(known, task, args)) {
      this.pass.awaited.add(known);
      this.marks.of(known).askedIn = this.pass.number;
      return;
    }
    this.add(submission, known);
  }

  /** Returns the value if it is there; else submits the task, once, and returns the placeholder. */
  resultOrSubmit(
    placeholder: unknown,
    key: string,
    task: AnyFunction,
    args: readonly unknown[],
    options: SubmitOptions | undefined,
  ): unknown {
    const known = this.future(key);
    if (known === undefined) {
      this.pass.ask(key, task, args);
      return this.handOut(key, this.add({ key, task, args, options }), placeholder);
    }
    this.pass.ask(key, task, args);
    this.#checkConflict(known, task, args);
    if (known.isSettled) {
      if (!this.#isStale(known, args)) return this.read(known);
      return this.handOut(key, this.add({ key, task, args, options }, known), placeholder);
    }
    this.pass.awaited.add(known);
    return this.handOut(key, known, placeholder);
  }

  /** Computes the value before the handler runs. Futures declared together run as one batch. */
  declare(submission: Submission): unknown {
    const { key, task, args } = submission;
    this.pass.ask(key, task, args);
    let future = this.future(key);
    if (future !== undefined) {
      this.#checkConflict(future, task, args);
      if (future.isSettled) {
        if (!this.#isStale(future, args)) return this.read(future);
        future = undefined;
      }
    }
    const declared = future ?? this.create(submission);
    declared.isAskedOtherwise(args, this.pass.number);
    if (declared.state === 'pending') {
      this.pass.awaited.delete(declared);
      this.runner.runSoon(declared);
    }
    return declared.batch.then(() => this.read(declared));
  }

  /** Stores a value that is already known under a key. */
  provide(key: string, value: unknown): void {
    checkKey(key);
    this.pass.ask(key);
    const known = this.future(key);
    if (known !== undefined) this.marks.of(known).askedIn = this.pass.number;
    const isOfEarlierPass = known?.isProvided === true && known.providedIn < this.pass.number;
    if (known?.isSettled === true && !isOfEarlierPass) {
      throw new FutureAlreadyResolvedError(key, known.call.task.id);
    }
    const wasHandedOut = known !== undefined && this.pass.awaited.delete(known);
    const future = this.create({ key, task: provided, args: [], options: undefined });
    future.provide(value, this.pass.number);
    // This pass went on with the placeholder: discard it, so that the next one gets the value.
    if (wasHandedOut) this.pass.awaited.add(future);
    this.marks.of(future).askedIn = this.pass.number;
  }

  /** Returns what the function returned in the first pass that reached it. */
  once(key: string, run: () => unknown): unknown {
    checkKey(key);
    this.usesOnce = true;
    if (this.kept.has(key)) return this.kept.get(key);
    this.checkOpen(key);
    return keep(this.kept, key, run());
  }

  cancel(key: string): boolean {
    return this.drop(key, (future) => !future.isSettled);
  }

  clear(key: string): boolean {
    return this.drop(key, (future) => future.isSettled);
  }

  reset(key: string): boolean {
    return this.drop(key, () => true);
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

  #checkConflict(future: Future, task: AnyFunction, args: readonly unknown[]): void {
    const conflict = conflictOf(future, task, args);
    if (conflict !== undefined) this.fail(conflict);
  }

  /** Fails if one pass, or two resolvers, ask for the same key with different arguments. */
  #conflict({ key, call }: Future): never {
    return this.fail(new FutureConflictError(key, call.task.id, call.task.id));
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
