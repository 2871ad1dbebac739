import {
  FuturesException,
  FuturesHttpException,
  type FuturesExceptionOptions,
} from './futures.exception.js';
import { told } from './text.js';

const TIMEOUT_TEXTS = {
  run: [
    'ran for more than',
    'and was stopped. Raise "timeout" for it with using({ timeout }), or give it less to do.',
  ],
  queue: [
    'waited in the queue for more than',
    'and was not started. Add threads ("threads.max"), or raise "queueTimeout".',
  ],
  deadline: [
    'could not start before its deadline, after',
    'in the queue. Add threads ("threads.max"), or give it a later "deadline".',
  ],
} as const;

/**
 * A task ran or waited in the queue for longer than it may. The client gets 504.
 *
 * @publicApi
 */
export class FutureTimeoutError extends FuturesHttpException {
  readonly code = 'ERR_FUTURES_TIMEOUT';

  constructor(
    /**
     * `run`: the task was stopped while it ran; `queue`: it was not started within `queueTimeout`;
     * `deadline`: it was not started before its deadline.
     */
    readonly phase: 'run' | 'queue' | 'deadline',
    /** The limit, in ms. */
    readonly limit: number,
    options: FuturesExceptionOptions,
  ) {
    const [before, after] = TIMEOUT_TEXTS[phase];
    super(
      `${told`The task ${options.task}`} ${before} ${limit} ms ${after}`,
      504,
      'Gateway Timeout',
      options,
    );
  }
}

/**
 * The executor takes no more calls: its queue is full, or it is shutting down. The client gets 503
 * with `Retry-After`.
 *
 * @publicApi
 */
export class ExecutorSaturatedError extends FuturesHttpException {
  readonly code = 'ERR_FUTURES_SATURATED';

  constructor(
    message: string,
    /** When to try again, in whole seconds: the value of the `Retry-After` header. */
    readonly retryAfter: number,
    options: FuturesExceptionOptions = {},
  ) {
    super(message, 503, 'Service Unavailable', options);
  }
}

/**
 * The worker died before or while it ran the task (`process.exit()`, out of memory, an uncaught
 * error), or the executor itself failed: it gave no outcome, or its queue cannot be reached.
 *
 * @publicApi
 */
export class BrokenExecutorError extends FuturesException {
  readonly code = 'ERR_FUTURES_BROKEN_EXECUTOR';
}

/**
 * An argument cannot be sent to a worker: it can't be cloned or leave the process, or is too large.
 *
 * @publicApi
 */
export class TaskArgumentError extends FuturesException {
  readonly code = 'ERR_FUTURES_TASK_ARGUMENT';

  constructor(
    /** The argument's position and the path in it, such as `args[0].user.save`. */
    readonly path: string,
    description: string,
    options: FuturesExceptionOptions,
    reason = `which cannot be cloned. ` +
      `Pass plain data, or submit a plain function to run it on the event loop.`,
  ) {
    super(
      told`The task ${options.task} cannot be sent its arguments: ${path} is ${description}, ` +
        reason,
      options,
    );
  }
}

/**
 * A result can't be sent back or read: it can't be cloned, is nested too deeply, or is too large.
 *
 * @publicApi
 */
export class TaskResultError extends FuturesException {
  readonly code = 'ERR_FUTURES_TASK_RESULT';

  constructor(
    /** The path in the result, such as `result.rows[3].render`. */
    readonly path: string,
    description: string,
    options: FuturesExceptionOptions,
    reason = 'which cannot be cloned. Return plain data from the task.',
  ) {
    super(
      told`The task ${options.task} cannot send its result back: ${path} is ${description}, ` +
        reason,
      options,
    );
  }
}

/**
 * The task file cannot be loaded, or does not export the function.
 *
 * @publicApi
 */
export class UnknownTaskError extends FuturesException {
  readonly code = 'ERR_FUTURES_UNKNOWN_TASK';
}

/**
 * The client disconnected before the task was done, so there is nobody to answer. Only interceptors
 * and metrics see this error. Its status is 499, as in nginx.
 *
 * @publicApi
 */
export class FutureCancelledError extends FuturesHttpException {
  readonly code = 'ERR_FUTURES_CANCELLED';

  constructor(options: FuturesExceptionOptions) {
    super(
      told`The client went away, so the task ${options.task} was given up.`,
      499,
      'Client Closed Request',
      options,
    );
  }
}
