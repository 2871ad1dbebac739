import type { Transferable } from 'node:worker_threads';

/**
 * What is to be moved with a task's result instead of copied, by the result.
 *
 * @internal
 */
export const transferLists = new WeakMap<object, readonly Transferable[]>();

/** What is to be moved with `result`. */
export function transferListOf(result: unknown): readonly Transferable[] {
  if (typeof result !== 'object' || result === null) return NOTHING;
  return transferLists.get(result) ?? NOTHING;
}

const NOTHING: readonly Transferable[] = [];
