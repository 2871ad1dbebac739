import {
  createParamDecorator,
  type ExecutionContext,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { FuturesArgumentError } from '../errors/index.js';
import { describe, isA, told } from '../errors/text.js';
import type { Ledger } from '../request/ledger.js';
import { ledgerFor } from '../request/request-ledger.js';
import { is, optional } from '../errors/options.js';
import { checkSubmitOptions, type SubmitOptions } from '../request/submission.js';
import { setRetryAfter } from '../http/response-head.js';
import type { AnyFunction } from '../wire/protocol.js';
import { type ClonableArgs, taskReference } from '../tasks/task.js';
import { madeFrom } from './made-from.js';
import type { SignatureArgs, TypedParameterDecorator } from './typed-parameter.js';
import { markFutures } from '../replay/route-traits.js';

/** A key, or a function that makes it from the request. */
export type FutureKey = string | ((context: ExecutionContext) => string);

/** Pipes that run after a future is resolved. */
export type FuturePipe = Type<PipeTransform> | PipeTransform;

/** Options of `@Future('key')`. */
export interface FutureOptions<Default = unknown> {
  /** The value of the parameter before the future is resolved. Default: undefined. */
  readonly default?: Default;
}

/** Options of a declared future. */
export interface DeclaredFutureOptions<
  Args extends unknown[],
  Result,
  Given extends readonly unknown[] = ClonableArgs<Args>,
> extends SubmitOptions {
  /** A handle from a task file, or a plain function, which runs on the event loop. */
  readonly task: (...args: Args) => Result;
  /**
   * Makes the task's arguments from the request; may return a promise. Nest calls it before the
   * pipes of the other parameters have ended, so what it reads from the request is not validated,
   * unless it reads it with `validated()`.
   */
  readonly args: (context: ExecutionContext) => Given | Promise<Given>;
}

/** Options of a declared future whose task needs no arguments. */
export interface ArglessFutureOptions<Result> extends SubmitOptions {
  /** A handle from a task file, or a plain function, which runs on the event loop. */
  readonly task: () => Result;
  readonly args?: undefined;
}

/** Keeps a wrongly typed declared future from matching the overload for undeclared ones. */
interface NotDeclared {
  readonly task?: undefined;
  readonly args?: undefined;
}

/** With pipes, any parameter type is accepted: they may turn the value into anything. */
export type DeclaredDecorator<
  Task extends AnyFunction,
  Args extends readonly unknown[],
  Pipes extends FuturePipe[],
> = Pipes extends [] ? TypedParameterDecorator<Task, Args> : ParameterDecorator;

const read = createParamDecorator(
  ({ key, options }: { key: FutureKey; options: FutureOptions }, context: ExecutionContext) =>
    madeFrom(
      () => keyOf(key, context),
      (name) => ledgerFor(context).resultOr(name, options.default),
    ),
);

const declare = createParamDecorator(
  (
    { key, options }: { key: FutureKey; options: DeclaredFutureOptions<unknown[], unknown> },
    context: ExecutionContext,
  ) =>
    madeFrom(
      () => keyOf(key, context),
      (name) =>
        madeFrom(
          () => options.args?.(context) ?? [],
          (args) => submit(name, checkedArguments(name, args), options, context),
        ),
    ),
);

/** Text would be taken apart into characters; anything else has a message of no help. */
function checkedArguments(key: string, args: unknown): readonly unknown[] {
  if (Array.isArray(args)) return args as unknown[];
  throw new FuturesArgumentError(
    told`@Future("${key}"): "args" must return an array of the task's arguments, or a promise of one, but returned ${describe(args)}.`,
    { key },
  );
}

function submit(
  key: string,
  args: readonly unknown[],
  options: DeclaredFutureOptions<unknown[], unknown>,
  context: ExecutionContext,
): unknown {
  const ledger = ledgerFor(context);
  try {
    const value = ledger.declare({ key, task: options.task, args: [...args], options });
    return isA(value, Promise) ? value.catch(retryLater(ledger)) : value;
  } catch (error) {
    return retryLater(ledger)(error);
  }
}

// The order of the overloads matters: a lambda keeps the type that the first one gives it.

/**
 * Injects the value of a task, computed before the handler is called. The handler runs once, so
 * this is safe for routes that write. All declared futures of one signature run as one batch.
 *
 * @throws the task's own error, to the client, if the task fails
 *
 * @example
 * ```ts
 * @Get(':id')
 * report(
 *   @Future('report', {
 *     task: tasks.renderReport,
 *     args: (context) => [context.switchToHttp().getRequest().params.id],
 *   })
 *   report: string,
 * ) { … }
 * ```
 *
 * @publicApi
 */
export function Future<
  Task extends AnyFunction,
  Args extends unknown[],
  Result,
  const Given extends ClonableArgs<Args> | ClonableArgs<SignatureArgs<Task>>,
  Pipes extends FuturePipe[],
>(
  key: FutureKey,
  options: DeclaredFutureOptions<Args, Result, Given> & { readonly task: Task },
  ...pipes: Pipes
): DeclaredDecorator<Task, Given, Pipes>;
export function Future<Result, Pipes extends FuturePipe[]>(
  key: FutureKey,
  options: ArglessFutureOptions<Result>,
  ...pipes: Pipes
): DeclaredDecorator<() => Result, [], Pipes>;
/**
 * Injects the value of a future that the request submits elsewhere: undefined (or `default`) before
 * it is resolved, the value on the replay.
 *
 * @throws the task's own error, to the client, if the task failed
 *
 * @example
 * ```ts
 * @Get()
 * page(@Future('chart', { default: '' }) chart: string) { … }
 * ```
 *
 * @publicApi
 */
export function Future(
  key: FutureKey,
  options?: FutureOptions & NotDeclared,
  ...pipes: FuturePipe[]
): ParameterDecorator;
export function Future(
  key: FutureKey,
  options:
    FutureOptions | DeclaredFutureOptions<never[], unknown> | ArglessFutureOptions<unknown> = {},
  ...pipes: FuturePipe[]
): ParameterDecorator {
  if (typeof key !== 'string' && typeof key !== 'function') {
    throw new FuturesArgumentError(
      `@Future(): the key must be a string or a function that returns one, but is of type ${typeof key}.`,
    );
  }
  const isDeclared = 'task' in options;
  if (isDeclared) {
    taskReference(options.task);
    checkSubmitOptions(options, { task: optional(is.anything), args: optional(is.anything) });
  }
  const decorate = isDeclared
    ? declare({ key, options: options as never }, ...pipes)
    : read({ key, options }, ...pipes);
  return (target, method, index) => {
    if (method !== undefined) markFutures(target, method, isDeclared ? 'declared' : 'replayed');
    decorate(target, method, index);
  };
}

function keyOf(key: FutureKey, context: ExecutionContext): string {
  return typeof key === 'string' ? key : key(context);
}

/** Sets the header here, since an interceptor may never see the error. */
function retryLater({ head }: Ledger): (error: unknown) => never {
  return (error) => {
    setRetryAfter(head, error);
    throw error;
  };
}
