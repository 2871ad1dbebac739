import { currentTask, type RunningCall } from './current-task.js';
import { describeError } from './error-record.js';
import { TaskLoader, UnknownTask } from './task-loader.js';
import type { AnyFunction } from '../tasks/task.js';
import { WireStatus, type WireCall, type WireTask } from './worker-protocol.js';

type WireResult = readonly [status: WireStatus, payload: unknown];

/**
 * Runs calls in a worker, whatever kind it is.
 *
 * @internal
 */
export class CallRunner {
  readonly #loader = new TaskLoader();
  #lastTask: WireTask | undefined;
  #lastFunction: AnyFunction | undefined;

  /** Never rejects: an error is a result. A task that does not wait has its result at once. */
  run([task, args]: WireCall, call: RunningCall): WireResult | Promise<WireResult> {
    currentTask.begin(call);
    // Calls of one task that came in one message name it by the same object.
    if (task !== this.#lastTask || this.#lastFunction === undefined) {
      this.#lastTask = task;
      this.#lastFunction = this.#loader.peek(...task);
    }
    if (this.#lastFunction === undefined) return this.#loadAndRun(task, args);
    try {
      const result = this.#lastFunction(...args);
      return isThenable(result) ? settle(result) : [WireStatus.Resolved, result];
    } catch (error) {
      return failure(error);
    }
  }

  async #loadAndRun(task: WireTask, args: readonly unknown[]): Promise<WireResult> {
    try {
      const run = await currentTask.load(this.#loader.load(...task));
      return [WireStatus.Resolved, await run(...args)];
    } catch (error) {
      return failure(error);
    }
  }
}

async function settle(result: PromiseLike<unknown>): Promise<WireResult> {
  try {
    return [WireStatus.Resolved, await result];
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): WireResult {
  if (!(error instanceof UnknownTask)) return [WireStatus.Failed, describeError(error)];
  const cause = error.cause === undefined ? undefined : describeError(error.cause);
  return [WireStatus.UnknownTask, { message: error.message, cause }];
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}
