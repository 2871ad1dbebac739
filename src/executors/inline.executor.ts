import { FutureTimeoutError, UnknownTaskError } from '../errors/index.js';
import { TaskLoader, UnknownTask } from '../tasks/task-loader.js';
import type { Call, Executor, ExecutorStats, Outcome } from './executor.js';

/**
 * Runs calls on the event loop, all at once: for I/O, and for closures, which no worker can be
 * sent. A task that is out of time is left to itself, since nothing can stop it.
 *
 * @internal
 */
export class InlineExecutor implements Executor {
  readonly #loader = new TaskLoader();
  #running = 0;
  #resolved = 0;
  #failed = 0;

  run(calls: readonly Call[]): Promise<Outcome[]> {
    return Promise.all(calls.map((call) => this.#runOne(call)));
  }

  async #runOne(call: Call): Promise<Outcome> {
    const started = performance.now();
    this.#running++;
    let outcome: Pick<Outcome, 'status' | 'value'>;
    try {
      outcome = { status: 'resolved', value: await withTimeout(this.#start(call), call) };
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

function withTimeout(result: Promise<unknown>, { timeout, key, task }: Call): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new FutureTimeoutError('run', timeout, { key, task: task.id })),
      timeout,
    );
    result.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
