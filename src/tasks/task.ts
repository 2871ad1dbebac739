import { FuturesArgumentError } from '../errors/index.js';
import type { AnyFunction } from '../wire/protocol.js';

/**
 * A function that computes a value: a handle of a function in a task file, which a worker runs, or
 * a plain function, which runs on the event loop.
 *
 * @publicApi
 */
export type Task<Args extends unknown[] = never[], Result = unknown> = (...args: Args) => Result;

/**
 * What may be passed for a value that is cloned: the same, or a read-only one. As a `const` type
 * parameter, it lets literals in the arguments keep their literal types (`() => ['png']`).
 *
 * It goes only nine levels deep, since a type may contain itself.
 */
export type Clonable<T, Depth extends 0[] = []> = 0 extends 1 & T
  ? T
  : unknown extends T
    ? T
    : Depth['length'] extends 9
      ? T
      : T extends AnyFunction
        ? T
        : T extends object
          ? { readonly [Name in keyof T]: Clonable<T[Name], [...Depth, 0]> }
          : T;

/** What may be passed for the arguments of a task. */
export type ClonableArgs<Args extends readonly unknown[]> = {
  readonly [I in keyof Args]: Clonable<Args[I]>;
};

/**
 * What an executor knows about a task.
 *
 * @publicApi
 */
export interface TaskReference {
  /** The task's id in logs, metrics, spans and queue messages, such as `report.renderReport`. */
  readonly id: string;
  /** `file:` URL of the task file; undefined for a plain function. */
  readonly url: string | undefined;
  /** Name of the exported function in the task file; undefined for a plain function. */
  readonly exportName: string | undefined;
  /** The plain function itself; undefined for a handle. */
  readonly run: AnyFunction | undefined;
  /** Whether a call may run again if its worker died while running it. */
  readonly idempotent: boolean;
}

const REFERENCE = Symbol.for('nestjs-futures.task');

interface TaskHandle extends AnyFunction {
  readonly [REFERENCE]: TaskReference;
}

/** @internal */
export function createTaskHandle(
  task: Pick<TaskReference, 'id' | 'idempotent'> & { url: string; exportName: string },
): AnyFunction {
  const handle = () => {
    throw new FuturesArgumentError(
      `${task.id} is the handle of a task, not the function itself and not its result. ` +
        `Pass it to submit(), resultOrSubmit(), @Future() or WorkerPool.run().`,
      { task: task.id },
    );
  };
  const reference: TaskReference = { ...task, run: undefined };
  Object.defineProperty(handle, 'name', { value: task.exportName });
  Object.defineProperty(handle, REFERENCE, { value: reference });
  // `await` calls this. Without it, `await` would return the handle, as if it were the result.
  // oxlint-disable-next-line unicorn/no-thenable -- it exists to throw when a handle is awaited by mistake
  Object.defineProperty(handle, 'then', { value: handle });
  return handle;
}

/**
 * @throws FuturesArgumentError if `task` is not a function
 * @internal
 */
export function taskReference(task: unknown, key?: string): TaskReference {
  if (typeof task !== 'function') {
    throw new FuturesArgumentError(
      `A task must be a handle of taskFile() or a function, but is ${describe(task)}.`,
      { key },
    );
  }
  return (
    (task as Partial<TaskHandle>)[REFERENCE] ?? {
      id: task.name || 'anonymous',
      url: undefined,
      exportName: undefined,
      run: task as AnyFunction,
      idempotent: false,
    }
  );
}

/**
 * Whether two handles name one function of one file: two modules may both call `taskFile()`.
 *
 * @internal
 */
export function isSameTask(task: AnyFunction, other: AnyFunction): boolean {
  if (task === other) return true;
  const { url, exportName } = taskReference(task);
  if (url === undefined) return false;
  const reference = taskReference(other);
  return reference.url === url && reference.exportName === exportName;
}

/** @internal */
export function isTaskHandle(task: AnyFunction): boolean {
  return REFERENCE in task;
}

function describe(value: unknown): string {
  return value === null ? 'null' : `of type ${typeof value}`;
}
