import * as nestCommon from '@nestjs/common';
import { unpack } from './codec.js';
import type { ErrorRecord } from './error-record.js';

/**
 * Turns what {@link describeError} took apart into an error again: of the nearest built-in class or
 * Nest exception class among its own classes; with its name, message, the worker's stack, code,
 * cause, `AggregateError.errors` and own properties.
 *
 * @internal
 */
export function reviveError(record: ErrorRecord): unknown {
  return revive(record, new Map());
}

function revive(record: ErrorRecord, seen: Map<ErrorRecord, Error>): unknown {
  if (record.kind === 'value') return readable(record);
  const known = seen.get(record);
  if (known !== undefined) return known;
  // A native error with that prototype, without running the class's own constructor.
  const error = new Error(record.message);
  seen.set(record, error);
  Object.setPrototypeOf(error, prototypeOf(record));
  define(error, 'stack', record.stack);
  if (error.name !== record.name) define(error, 'name', record.name);
  for (const [name, value] of record.properties) define(error, name, revive(value, seen), true);
  if (record.cause !== undefined) define(error, 'cause', revive(record.cause, seen));
  if (record.errors !== undefined) {
    define(
      error,
      'errors',
      record.errors.map((each) => revive(each, seen)),
    );
  }
  return error;
}

/** The value, or a text if this side cannot read it. */
function readable({ value }: ErrorRecord & { kind: 'value' }): unknown {
  try {
    return unpack(value);
  } catch {
    return 'a value that cannot be read here';
  }
}

function define(error: Error, name: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, name, { value, configurable: true, enumerable, writable: true });
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

function prototypeOf({ classNames, isHttpException }: ErrorRecord & { kind: 'error' }): Error {
  for (const name of classNames) {
    const known = isHttpException ? nestException(name) : BUILT_IN.get(name);
    if (known !== undefined) return known.prototype;
  }
  return (isHttpException ? nestCommon.HttpException : Error).prototype;
}

function nestException(name: string): { readonly prototype: Error } | undefined {
  const exported: unknown = (nestCommon as Record<string, unknown>)[name];
  const { HttpException } = nestCommon;
  if (exported === HttpException) return HttpException;
  if (typeof exported !== 'function') return undefined;
  const { prototype } = exported as { readonly prototype: unknown };
  return prototype instanceof HttpException ? { prototype } : undefined;
}
