import * as workerThreads from 'node:worker_threads';
import type { Transferable } from 'node:worker_threads';
import { describe } from '../../errors/text.js';
import { transferLists } from '../../wire/result-slots.js';

/**
 * Has parts of a task's result moved to the request instead of copied, whatever their size. The
 * task cannot use them any more. Where nothing can be moved (processes, `inline`), it does nothing;
 * memory that is marked as untransferable, as that of small `Buffer`s is, is copied.
 *
 * @param result what the task returns
 * @param list what of it is moved. Default: the memory of `result`, which must then be an
 *   `ArrayBuffer`, a typed array or a `DataView`
 * @returns `result`, as it is
 * @throws TypeError if `result` is no object, or no list is given and it has no memory to move
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

/** Since Node 21; before, what is so marked is copied without a word. */
const { isMarkedAsUntransferable = () => false } = workerThreads as {
  readonly isMarkedAsUntransferable?: (value: object) => boolean;
};
