import { currentTask, type RunningCall } from './current-task.js';
import { describeError } from './error-record.js';
import { TaskLoader, UnknownTask } from './task-loader.js';
import { WireStatus, type WireCall } from './worker-protocol.js';

/**
 * Runs calls in a worker, whatever kind it is.
 *
 * @internal
 */
export class CallRunner {
  readonly #loader = new TaskLoader();

  /** Never rejects: an error is a result. */
  async run(
    [url, exportName, args]: WireCall,
    call: RunningCall,
  ): Promise<[status: WireStatus, payload: unknown]> {
    currentTask.begin(call);
    try {
      const task =
        this.#loader.peek(url, exportName) ??
        (await currentTask.load(this.#loader.load(url, exportName)));
      const result = task(...args);
      return [WireStatus.Resolved, isThenable(result) ? await result : result];
    } catch (error) {
      if (!(error instanceof UnknownTask)) return [WireStatus.Failed, describeError(error)];
      const cause = error.cause === undefined ? undefined : describeError(error.cause);
      return [WireStatus.UnknownTask, { message: error.message, cause }];
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}
