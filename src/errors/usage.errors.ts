import { FuturesException } from './futures.exception.js';
import { told } from './text.js';

/**
 * A value was asked for by a key that was never submitted.
 *
 * @publicApi
 */
export class FutureNotSubmittedError extends FuturesException {
  readonly code = 'ERR_FUTURES_NOT_SUBMITTED';

  constructor(key: string) {
    super(
      told`No future was submitted as "${key}" in this request. ` +
        told`Submit one first, or ask with resultOrSubmit("${key}", placeholder, task, ...args) or result("${key}", fallback).`,
      { key },
    );
  }
}

/**
 * A value was asked for in the same pass that submitted its task.
 *
 * @publicApi
 */
export class FutureNotResolvedError extends FuturesException {
  readonly code = 'ERR_FUTURES_NOT_RESOLVED';

  constructor(key: string, task: string) {
    super(
      told`The future "${key}" (task ${task}) is pending: its value is there from the next pass on. ` +
        told`Ask with resultOrSubmit("${key}", placeholder, task, ...args) or result("${key}", fallback).`,
      { key, task },
    );
  }
}

/**
 * A task was submitted under a key that already has its value.
 *
 * @publicApi
 */
export class FutureAlreadyResolvedError extends FuturesException {
  readonly code = 'ERR_FUTURES_ALREADY_RESOLVED';

  constructor(key: string, task: string) {
    super(
      told`The future "${key}" (task ${task}) is resolved already. ` +
        told`Read it with result("${key}"), ask with resultOrSubmit(), or call clear("${key}") before submitting again.`,
      { key, task },
    );
  }
}

/**
 * One key was used for two different computations, so one of the two call sites would have got the
 * other's value.
 *
 * @publicApi
 */
export class FutureConflictError extends FuturesException {
  readonly code = 'ERR_FUTURES_CONFLICT';

  constructor(key: string, task: string, otherTask: string) {
    super(
      task === otherTask
        ? told`The key "${key}" is asked for twice with different arguments of ${task}. ` +
            `Put what differs into the key, or use submit() to replace the pending future.`
        : told`The key "${key}" is asked for with ${otherTask}, but it stands for ${task}. ` +
            `Give each computation a key of its own.`,
      { key, task: otherTask },
    );
  }
}

/**
 * Futures were used where no pass is running: outside a request, before the interceptors (in
 * middleware or a guard), on a route that has no interceptor of this module, or after the response.
 *
 * @publicApi
 */
export class FuturesContextError extends FuturesException {
  readonly code = 'ERR_FUTURES_CONTEXT';
}

/**
 * A call of the API got an argument of the wrong type.
 *
 * @publicApi
 */
export class FuturesArgumentError extends FuturesException {
  readonly code = 'ERR_FUTURES_ARGUMENT';
}

/**
 * The module got an option that is unknown, of the wrong type or out of range; or it was imported
 * without `forRoot()`, twice with different options, or from two copies of the package.
 *
 * @publicApi
 */
export class FuturesOptionsError extends FuturesException {
  readonly code = 'ERR_FUTURES_OPTIONS';
}
