const BRAND = Symbol.for('nestjs-futures.exception');

/** Where an error happened and what caused it; every part is optional. */
export interface FuturesExceptionOptions {
  /** Key of the future concerned. */
  readonly key?: string | undefined;
  /** Id of the task concerned, such as `report.renderReport`. */
  readonly task?: string | undefined;
  readonly cause?: unknown;
}

/**
 * Base of every error this module raises.
 *
 * A task's own error is never wrapped in one: it reaches the caller as it was thrown.
 *
 * @publicApi
 */
export abstract class FuturesException extends Error {
  /** Stable, machine-readable code: `ERR_FUTURES_…`. */
  abstract readonly code: string;
  /** Key of the future concerned, where one is known. */
  declare readonly key?: string;
  /** Id of the task concerned, where one is known. */
  declare readonly task?: string;

  constructor(message: string, options: FuturesExceptionOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    if (options.key !== undefined) this.key = options.key;
    if (options.task !== undefined) this.task = options.task;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Tells whether a caught value is an error of this module.
 *
 * @example
 * ```ts
 * catch (error) {
 *   if (isFuturesException(error) && error.code === 'ERR_FUTURES_TIMEOUT') return 'later';
 *   throw error;
 * }
 * ```
 *
 * @publicApi
 */
export function isFuturesException(value: unknown): value is FuturesException {
  return value instanceof Error && BRAND in value;
}

/**
 * The properties by which Nest recognises an error as an HTTP one (those of `http-errors`): the
 * client gets the status and its standard phrase, the log gets the message.
 *
 * @internal
 */
export interface HttpErrorShape {
  readonly status: number;
  readonly statusCode: number;
  readonly expose: false;
}
