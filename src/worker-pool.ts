import { FuturesArgumentError } from './errors/index.js';
import { describe } from './errors/text.js';
import type { ExecutorStats, Outcome } from './executors/executor.js';
import type { FuturesRuntime } from './request/futures.runtime.js';
import { assign, checkSubmitOptions, type SubmitOptions } from './request/submission.js';
import type { ClonableArgs } from './tasks/task.js';
import type { AnyFunction } from './wire/protocol.js';

/** A task and its arguments, as one array. */
export type TaskCall<T extends AnyFunction> = readonly [
  task: T,
  ...args: ClonableArgs<Parameters<T>>,
];

/**
 * Runs tasks outside requests, or where a call site can simply await: in cron jobs, queue
 * consumers, startup code. It has the same executors, limits and errors as futures.
 *
 * @example
 * ```ts
 * const hash = await this.pool.run(tasks.hash, password);
 * ```
 *
 * @publicApi
 */
export class WorkerPool {
  readonly #runtime: FuturesRuntime;
  readonly #options: SubmitOptions | undefined;

  /** @internal Created by the module: inject it. */
  constructor(runtime: FuturesRuntime, options?: SubmitOptions) {
    this.#runtime = runtime;
    this.#options = options;
  }

  /**
   * Runs one task.
   *
   * @returns its value
   * @throws the task's own error if it fails
   * @throws FutureTimeoutError, ExecutorSaturatedError, BrokenExecutorError, TaskArgumentError,
   *   TaskResultError, UnknownTaskError
   */
  async run<Args extends unknown[], Result>(
    task: (...args: Args) => Result,
    ...args: ClonableArgs<Args>
  ): Promise<Awaited<Result>> {
    const [value] = await this.#valuesOf([[task, ...(args as never[])]]);
    return value as Awaited<Result>;
  }

  /**
   * Runs several tasks as one batch.
   *
   * @param calls each a task and its arguments: `[tasks.resize, image, 200]`
   * @returns their values, in that order
   * @throws the first error in that order, after all have ended
   */
  async runAll<const Tasks extends readonly AnyFunction[]>(
    calls: readonly [...{ [I in keyof Tasks]: TaskCall<Tasks[I]> }],
  ): Promise<{ -readonly [I in keyof Tasks]: Awaited<ReturnType<Tasks[I]>> }> {
    const values = await this.#valuesOf(calls as readonly TaskCall<AnyFunction>[]);
    return values as { -readonly [I in keyof Tasks]: Awaited<ReturnType<Tasks[I]>> };
  }

  /**
   * Runs several tasks as one batch, like `Promise.allSettled()`.
   *
   * @param calls each a task and its arguments
   * @returns for each, in that order, its value, or the error that `run()` would throw
   * @throws FuturesArgumentError if a task or the executor is invalid
   */
  async runAllSettled<const Tasks extends readonly AnyFunction[]>(
    calls: readonly [...{ [I in keyof Tasks]: TaskCall<Tasks[I]> }],
  ): Promise<{
    -readonly [I in keyof Tasks]: PromiseSettledResult<Awaited<ReturnType<Tasks[I]>>>;
  }> {
    const outcomes = await this.#run(calls as readonly TaskCall<AnyFunction>[]);
    return outcomes.map(({ status, value }) =>
      status === 'failed' ? { status: 'rejected', reason: value } : { status: 'fulfilled', value },
    ) as { -readonly [I in keyof Tasks]: PromiseSettledResult<Awaited<ReturnType<Tasks[I]>>> };
  }

  /**
   * The same pool, with these options for what it runs.
   *
   * @throws FuturesOptionsError if an option is out of range
   */
  using(options: SubmitOptions): WorkerPool {
    checkSubmitOptions(options);
    return new WorkerPool(this.#runtime, { ...this.#options, ...options });
  }

  /** The statistics of each executor, by its name. */
  stats(): Record<string, ExecutorStats> {
    return Object.fromEntries(
      Array.from(this.#runtime.executors.entries(), ([name, executor]) => [name, executor.stats()]),
    );
  }

  /**
   * How many workers of an executor are alive in other processes, asked now: the queue counts its
   * workers in Redis. For health checks.
   *
   * @returns undefined if its workers belong to this process, or if it can't tell
   * @throws BrokenExecutorError if they cannot be counted
   * @throws FuturesArgumentError if there is no executor of that name
   */
  async remoteWorkers(executor: string): Promise<number | undefined> {
    return this.#runtime.executors.get(executor).remoteWorkers?.();
  }

  /** Identifies the app in the messages of the tracing channels. */
  get app(): object {
    return this.#runtime.app;
  }

  async #valuesOf(calls: readonly TaskCall<AnyFunction>[]): Promise<unknown[]> {
    const outcomes = await this.#run(calls);
    return outcomes.map(({ status, value }) => {
      if (status === 'failed') throw value;
      return value;
    });
  }

  async #run(calls: readonly TaskCall<AnyFunction>[]): Promise<Outcome[]> {
    checkCalls(calls);
    const startedAt = performance.now();
    const assignments = calls.map(([task, ...args]) =>
      assign(this.#runtime, { task, args, options: this.#options }, { startedAt }),
    );
    return this.#runtime.run(assignments);
  }
}

/** @throws FuturesArgumentError if it is no list of calls */
function checkCalls(calls: unknown): void {
  const wrong = Array.isArray(calls)
    ? Array.from(calls as unknown[]).findIndex((each) => !Array.isArray(each))
    : undefined;
  if (wrong === -1) return;
  const found =
    wrong === undefined
      ? `got ${describe(calls)}`
      : `call ${wrong} is ${describe((calls as unknown[])[wrong])}`;
  throw new FuturesArgumentError(
    `runAll() and runAllSettled() take a list of calls, each a list of a task and its arguments ([[tasks.resize, image, 200]]), but ${found}.`,
  );
}
