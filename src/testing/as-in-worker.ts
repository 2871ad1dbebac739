import {
  describeError,
  describeRefusal,
  fromBytes,
  reviveError,
  toBytes,
} from '../executors/kit.js';
import {
  TaskArgumentError,
  TaskResultError,
  isFuturesException,
  type AnyFunction,
  type Call,
} from '../index.js';

/**
 * Has a function get its arguments, and give its result or its error, as a worker would: copied. So
 * a test does not pass with a value that cannot reach or leave a worker.
 *
 * @internal
 */
export function asInWorker(call: Call, run: AnyFunction): AnyFunction {
  const options = { key: call.key, task: call.task.id };
  return async (...args: unknown[]) => {
    const sent = copy(args, call, (refusal) => {
      const { path, description } = describeRefusal(args, 'args', refusal, structuredClone);
      return new TaskArgumentError(path, description, options);
    });
    const result: unknown = await settle(run, sent as unknown[]);
    return copy(result, call, (refusal) => {
      const { path, description } = describeRefusal(result, 'result', refusal, structuredClone);
      return new TaskResultError(path, description, options);
    });
  };
}

async function settle(run: AnyFunction, args: unknown[]): Promise<unknown> {
  try {
    return (await Reflect.apply(run, undefined, args)) as unknown;
  } catch (error) {
    // A timeout or a full queue is not an error of the task: it never comes from a worker.
    throw isFuturesException(error) ? error : reviveError(describeError(error));
  }
}

/** A copy as a worker gets it; the value itself if part of it is moved or shared. */
function copy(value: unknown, { transferList = [] }: Call, toError: (refusal: unknown) => Error) {
  try {
    return fromBytes(toBytes(value));
  } catch (refusal) {
    if (transferList.length > 0) return value;
    try {
      // Memory that threads share cannot become bytes.
      return structuredClone(value);
    } catch {
      throw toError(refusal);
    }
  }
}
