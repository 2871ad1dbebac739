import * as nestCommon from '@nestjs/common';
import type { ErrorRecord } from './error-record.js';

/**
 * Makes an error again of what {@link describeError} took apart: of the same built-in class or Nest
 * exception class, else an `Error` with the original's name; with message, the worker's stack,
 * code, cause, `AggregateError.errors` and own properties.
 *
 * @internal
 */
export function reviveError(record: ErrorRecord): unknown {
  if (record.kind === 'value') return record.value;
  // A native error of that prototype, without running the class's own constructor.
  const error = new Error(record.message) as Error & Record<string, unknown>;
  Object.setPrototypeOf(error, prototypeOf(record));
  define(error, 'stack', record.stack);
  if (error.name !== record.name) define(error, 'name', record.name);
  for (const [name, value] of record.properties) {
    error[name] = value.kind === 'value' ? value.value : reviveError(value);
  }
  if (record.cause !== undefined) define(error, 'cause', reviveError(record.cause));
  if (record.errors !== undefined) define(error, 'errors', record.errors.map(reviveError));
  return error;
}

function define(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, {
    value,
    configurable: true,
    enumerable: false,
    writable: true,
  });
}

const BUILT_IN = new Map<string, { readonly prototype: Error }>(
  [
    Error,
    AggregateError,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
  ].map((constructor) => [constructor.name, constructor]),
);

function prototypeOf({ className, name, isHttpException }: ErrorRecord & { kind: 'error' }): Error {
  if (isHttpException) {
    const exported: unknown = (nestCommon as Record<string, unknown>)[className];
    const isExceptionClass =
      typeof exported === 'function' && exported.prototype instanceof nestCommon.HttpException;
    return (isExceptionClass ? exported : nestCommon.HttpException).prototype as Error;
  }
  return (BUILT_IN.get(className) ?? BUILT_IN.get(name) ?? Error).prototype;
}
