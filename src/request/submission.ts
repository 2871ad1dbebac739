import {
  ExecutorSaturatedError,
  FutureConflictError,
  FuturesArgumentError,
  FuturesContextError,
} from '../errors/index.js';
import {
  type Given,
  type OptionTable,
  duration,
  is,
  oneOf,
  optional,
  resolve,
} from '../errors/options.js';
import { describe, told } from '../errors/text.js';
import { type Call, PRIORITIES, type Priority, type Transferable } from '../executors/executor.js';
import type { Assignment } from '../executors/executors.js';
import { isSameTask, isTaskHandle, taskReference } from '../tasks/task.js';
import type { AnyFunction } from '../wire/protocol.js';
import { carriedBy } from './carry.js';
import { sameArguments } from './fingerprint.js';
import { Future } from './future.js';
import type { FuturesRuntime } from './futures.runtime.js';
import type { Share } from './share.js';

const SUBMIT_OPTIONS = {
  /** Name of the executor. Default: the module's `executor`; `inline` for a plain function. */
  executor: optional<string>(is.anything),
  /** How long the task may run, in ms. Default: the route's `timeout`, then the module's. */
  timeout: optional<number>(duration()),
  /** How long it may wait in the queue, in ms. Default: the module's `queueTimeout`. */
  queueTimeout: optional<number>(duration()),
  /**
   * `high`, `normal` or `low`: calls of a higher priority start before those of a lower one that
   * wait. So that none starves, at least one call of each priority that waits starts every second,
   * as soon as a worker is free. If the queue is full, calls of a higher priority displace those of
   * a lower one, the newest first; these fail with 503. Default: `normal`.
   */
  priority: optional<Priority>(oneOf(PRIORITIES)),
  /**
   * How long after the start of the request (outside of requests: after the call) the value is
   * useful, in ms. If the calls that wait would make it late, it is refused at once
   * (`ExecutorSaturatedError`, 503); it is not started later (`FutureTimeoutError`, 504). A task
   * that runs is stopped by `timeout` only. Default: the route's `deadline`, else none.
   */
  deadline: optional<number>(duration()),
  /** Parts of the arguments that are moved to the worker instead of copied. Default: none. */
  transferList: optional<readonly Transferable[]>(is.array),
};

/**
 * Options of a submission.
 *
 * @publicApi
 */
export type SubmitOptions = Given<typeof SUBMIT_OPTIONS>;

/**
 * @param others options that are checked elsewhere
 * @throws FuturesArgumentError if `options` is not an object
 * @throws FuturesOptionsError if an option is unknown or out of range
 * @internal
 */
export function checkSubmitOptions(options: SubmitOptions, others: OptionTable = {}): void {
  if (typeof options !== 'object' || options === null) {
    throw new FuturesArgumentError(`using() takes an object of options, not ${describe(options)}.`);
  }
  resolve({ ...SUBMIT_OPTIONS, ...others }, options);
}

/** What a call site asks for. */
export interface Submission {
  readonly key: string;
  readonly task: AnyFunction;
  readonly args: readonly unknown[];
  readonly options: SubmitOptions | undefined;
}

/** What the request of a submission sets for it. */
export interface RequestLimits extends Share {
  /** When the request started, by `performance.now()`. */
  readonly startedAt: number;
  /** The route's own limits, in ms. */
  readonly timeout?: number | undefined;
  readonly deadline?: number | undefined;
}

/**
 * Creates a pending future from a submission.
 *
 * @throws FuturesArgumentError if the task or the executor is invalid
 * @internal
 */
export function createFuture(
  runtime: FuturesRuntime,
  submission: Submission,
  isCompared: boolean,
  request: RequestLimits,
): Future {
  const { call, executor } = assign(runtime, submission, request);
  return new Future(submission.key, submission.task, call, executor, isCompared);
}

/**
 * Decides where a task runs, and with which limits.
 *
 * @throws FuturesArgumentError if the task or the executor is invalid
 * @internal
 */
export function assign(
  { options: defaults, executors }: FuturesRuntime,
  { key, task, args, options }: Omit<Submission, 'key'> & { readonly key?: string },
  { startedAt, timeout, deadline, share, weight }: RequestLimits,
): Assignment {
  const reference = taskReference(task, key);
  const executor = options?.executor ?? (isTaskHandle(task) ? defaults.executor : 'inline');
  executors.get(executor);
  if (reference.run !== undefined && executor !== 'inline') {
    throw new FuturesArgumentError(
      `A plain function was given for the executor "${executor}", but a function cannot be sent to a worker. ` +
        `Export it from a task file and pass its handle (taskFile()), or leave "executor" out to run it on the event loop.`,
      { key, task: reference.id },
    );
  }
  const within = options?.deadline ?? deadline;
  const call: Call = {
    task: reference,
    args,
    key,
    timeout: options?.timeout ?? timeout ?? defaults.timeout,
    queueTimeout: options?.queueTimeout ?? defaults.queueTimeout,
    transferList: options?.transferList,
    priority: options?.priority,
    deadline: within === undefined ? undefined : startedAt + within,
    share,
    weight,
    carried: carriedBy(defaults),
  };
  return { executor, call };
}

/** @throws FuturesArgumentError if the key is not a string */
export function checkKey(key: unknown): void {
  if (typeof key === 'string') return;
  throw new FuturesArgumentError(
    `The key of a future must be a string, but is ${key === null ? 'null' : `of type ${typeof key}`}.`,
  );
}

/** Whether the future stands for this task with these arguments. */
export function isSame(future: Future, task: AnyFunction, args: readonly unknown[]): boolean {
  return isSameTask(future.source, task) && sameArguments(task, future.call.args, args);
}

/**
 * The error for a future that is asked for with another task or, while it is not settled, with
 * other arguments. Handles are compared by file and export. Two plain functions are not compared,
 * since each pass makes new closures.
 *
 * @internal
 */
export function conflictOf(
  future: Future,
  task: AnyFunction,
  args: readonly unknown[],
): Error | undefined {
  const { key, source, call } = future;
  if (future.isProvided) return undefined;
  if (!isSameTask(source, task) && (isTaskHandle(source) || isTaskHandle(task))) {
    return new FutureConflictError(key, call.task.id, taskReference(task, key).id);
  }
  if (future.isSettled || sameArguments(task, call.args, args)) return undefined;
  return new FutureConflictError(key, call.task.id, call.task.id);
}

/** The errors for submissions that a ledger refuses. @internal */
export const refusals = {
  shuttingDown(key: string): Error {
    return new ExecutorSaturatedError('The app is shutting down and takes no new futures.', 1, {
      key,
    });
  },
  notReplayed(key: string): Error {
    return new FuturesContextError(
      told`The future "${key}" was submitted on a route that is not replayed, because nothing shows that it uses futures. ` +
        `Put @UseFutures() on the route or its controller; for GraphQL field resolvers enable interceptors (fieldResolverEnhancers: ['interceptors']).`,
      { key },
    );
  },
  betweenPasses(key: string): Error {
    return new FuturesContextError(
      told`The future "${key}" was submitted after its pass had been discarded. Await what the handler starts before it returns.`,
      { key },
    );
  },
  ended(key: string): Error {
    return new FuturesContextError(
      told`The future "${key}" was submitted after the response had been published. ` +
        `Submit in the handler, or in what it calls; in an async generator or a stream that the handler returns, before its first chunk.`,
      { key },
    );
  },
};
