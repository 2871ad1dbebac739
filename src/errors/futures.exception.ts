import { HttpException } from '@nestjs/common';

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
 * Base of every error that this module throws.
 *
 * Errors that concern the client (499, 503, 504) are also `HttpException`s, so that any exception
 * filter answers with their status. The others are answered with 500 and logged, like any error. A
 * task's own error is never wrapped in one: it reaches the caller as it was thrown.
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
    label(this, new.target.name, options);
  }

  /** `instanceof FuturesException` is also true for those that extend `HttpException`. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this === FuturesException) return isFuturesException(value);
    try {
      return Function.prototype[Symbol.hasInstance].call(this, value);
    } catch {
      return false;
    }
  }
}

/**
 * Base of the errors that concern the client.
 *
 * @internal
 */
export abstract class FuturesHttpException extends HttpException implements FuturesException {
  abstract readonly code: string;
  declare readonly key?: string;
  declare readonly task?: string;

  /** @param phrase what the client reads; the message is for developers */
  constructor(
    message: string,
    statusCode: number,
    phrase: string,
    { cause, ...options }: FuturesExceptionOptions,
  ) {
    super({ statusCode, message: phrase }, statusCode, cause === undefined ? undefined : { cause });
    this.message = message;
    label(this, new.target.name, options);
  }
}

function label(error: Error, name: string, { key, task }: FuturesExceptionOptions): void {
  error.name = name;
  if (key !== undefined) Object.assign(error, { key });
  if (task !== undefined) Object.assign(error, { task });
  Object.defineProperty(error, BRAND, { value: true });
}

/**
 * Gives an error of this module its class again, after it came from another process as a plain
 * error.
 *
 * @internal
 */
export function adoptException(
  error: Error,
  constructor: { readonly name: string; readonly prototype: Error },
  options: FuturesExceptionOptions,
): void {
  Object.setPrototypeOf(error, constructor.prototype);
  label(error, constructor.name, options);
}

/**
 * Whether a caught value is an error of this module.
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
  try {
    return value instanceof Error && BRAND in value;
  } catch {
    // Somebody threw a revoked proxy, which cannot be inspected.
    return false;
  }
}
