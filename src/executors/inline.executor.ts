import { FutureTimeoutError, UnknownTaskError } from '../errors/index.js';
import { TaskLoader, UnknownTask } from '../tasks/task-loader.js';
import {
  cancelled,
  type Call,
  type Executor,
  type ExecutorStats,
  type Outcome,
} from './executor.js';

/**
 * Runs calls on the event loop, all at once: for I/O, and for closures, which no worker can be
 * sent. A task that is out of time, or whose client has gone, is left to itself, since nothing can
 * stop it.
 *
 * @internal
 */
export class InlineExecutor implements Executor {
  readonly #loader = new TaskLoader();
  #running = 0;
  #resolved = 0;
  #failed = 0;

  run(
    calls: readonly Call[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Outcome[]> {
    if (signal?.aborted === true) return Promise.resolve(calls.map(cancelled));
    return Promise.all(calls.map((call) => this.#runOne(call, signal)));
  }

  async #runOne(call: Call, signal: AbortSignal | undefined): Promise<Outcome> {
    const started = performance.now();
    this.#running++;
    let outcome: Pick<Outcome, 'status' | 'value'>;
    try {
      const value = await withLimits(this.#start(call), call, signal);
      outcome = { status: 'resolved', value };
      this.#resolved++;
    } catch (error) {
      outcome = { status: 'failed', value: error };
      this.#failed++;
    }
    this.#running--;
    return { ...outcome, worker: 'event loop', wait: 0, run: performance.now() - started };
  }

  async #start({ task, args, key }: Call): Promise<unknown> {
    if (task.run !== undefined) return task.run(...args);
    const { url = '', exportName = '' } = task;
    try {
      await this.#loader.load(url, exportName);
    } catch (error) {
      if (!(error instanceof UnknownTask)) throw error;
      throw new UnknownTaskError(error.message, { key, task: task.id, cause: error.cause });
    }
    return this.#loader.peek(url, exportName)?.(...args);
  }

  stats(): ExecutorStats {
    return {
      workers: 0,
      queued: 0,
      running: this.#running,
      resolved: this.#resolved,
      failed: this.#failed,
    };
  }

  async close(): Promise<void> {}
}

function withLimits(
  result: Promise<unknown>,
  call: Call,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const { timeout, key, task } = call;
  return new Promise((resolve, reject) => {
    const expire = () => reject(new FutureTimeoutError('run', timeout, { key, task: task.id }));
    const abort = () => reject(cancelled(call).value);
    const timer = setTimeout(expire, timeout);
    signal?.addEventListener('abort', abort);
    void result.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    });
  });
}
