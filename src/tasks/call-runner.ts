import { describeError } from './error-record.js';
import { TaskLoader, UnknownTask } from './task-loader.js';
import { WireStatus, type WireCall } from './worker-protocol.js';

/** Told when a call has to wait for its task file: that time is not its own. */
export interface LoadHooks {
  beginLoad(): void;
  endLoad(): void;
}

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
    hooks: LoadHooks,
  ): Promise<[status: WireStatus, payload: unknown]> {
    try {
      let task = this.#loader.peek(url, exportName);
      if (task === undefined) {
        hooks.beginLoad();
        task = await this.#loader.load(url, exportName).finally(() => hooks.endLoad());
      }
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
