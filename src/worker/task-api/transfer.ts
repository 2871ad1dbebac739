import * as workerThreads from 'node:worker_threads';
import type { Transferable } from 'node:worker_threads';
import { describe } from '../../errors/text.js';
import { transferLists } from '../../wire/result-slots.js';

/**
 * Moves parts of a task's result to the request instead of copying them, whatever their size. The
 * task cannot use them any more. Where nothing can be moved (processes, `inline`), it does nothing.
 * Memory marked as untransferable, such as that of small `Buffer`s, is copied.
 *
 * @param result what the task returns
 * @param list the parts that are moved. Default: the memory of `result`, which must then be an
 *   `ArrayBuffer`, a typed array or a `DataView`
 * @returns `result`, unchanged
 * @throws TypeError if `result` is not an object, or has no memory to move and no list is given
 *
 * @example
 * ```ts
 * export function render(width: number, height: number): Uint8ClampedArray {
 *   return transfer(new Uint8ClampedArray(width * height * 4));
 * }
 * ```
 *
 * @publicApi
 */
export function transfer<T extends object>(result: T, list?: readonly Transferable[]): T {
  if (!isObject(result)) {
    throw new TypeError(
      `transfer(): only an object has parts that can be moved, but the result is ${describe(result)}. Return it as it is.`,
    );
  }
  const movable = (list ?? [memoryOf(result)]).filter((each) => !isMarkedAsUntransferable(each));
  transferLists.set(result, movable);
  return result;
}

function memoryOf(result: unknown): ArrayBuffer {
  const memory = ArrayBuffer.isView(result) ? result.buffer : result;
  if (memory instanceof ArrayBuffer) return memory;
  throw new TypeError(
    'transfer(): the result is neither an ArrayBuffer nor a view of one. ' +
      'Name what of it is to be moved: transfer(image, [image.pixels.buffer]).',
  );
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** Since Node 21. Before, memory that is marked this way is silently copied. */
const { isMarkedAsUntransferable = () => false } = workerThreads as {
  readonly isMarkedAsUntransferable?: (value: object) => boolean;
};
