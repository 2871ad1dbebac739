import type { AnyFunction } from '../wire/protocol.js';

/**
 * A parameter decorator that accepts only a parameter that can have what `Task` gives for `Args`.
 *
 * TypeScript passes a parameter decorator the class, the method's name and the parameter's position
 * as literal types. That is enough to look up the parameter's type. A private or protected method
 * cannot be looked up, so any parameter of it is accepted.
 */
export type TypedParameterDecorator<
  Task extends AnyFunction,
  Args extends readonly unknown[] = Parameters<Task>,
> = <Target extends object, Method extends string | symbol, Index extends number>(
  target: Target,
  method: Method,
  index: ParameterOf<Target, Method, Index> extends infer Parameter
    ? ValueFits<Task, Args, Parameter> extends true
      ? Index
      : {
          'the value of the future': Awaited<ReturnType<Task>>;
          'does not fit a parameter of': Parameter;
        }
    : never,
) => void;

/** Whether a parameter can have what the task gives for these arguments. */
type ValueFits<Task extends AnyFunction, Args extends readonly unknown[], Parameter> = [
  SignatureArgs<Task>,
  Awaited<ReturnType<Task>>,
] extends [Parameters<Task>, Parameter]
  ? true
  : // What a generic or an overloaded function gives depends on its arguments.
    Task extends (
        ...args: Writable<Args>
      ) => Exclude<Parameter, PromiseLike<unknown>> | PromiseLike<Parameter>
    ? true
    : false;

/** The arguments of each signature of a function, for up to four signatures. */
export type SignatureArgs<Task extends AnyFunction> = Task extends {
  (...args: infer A extends unknown[]): unknown;
  (...args: infer B extends unknown[]): unknown;
  (...args: infer C extends unknown[]): unknown;
  (...args: infer D extends unknown[]): unknown;
}
  ? A | B | C | D
  : Parameters<Task>;

/** A tuple that a function may take as its arguments. */
type Writable<Args extends readonly unknown[]> = { -readonly [I in keyof Args]: Args[I] };

type ParameterOf<Target, Method extends PropertyKey, Index extends number> =
  Target extends Record<Method, (...args: infer Parameters) => unknown>
    ? Parameters[Index]
    : unknown;
