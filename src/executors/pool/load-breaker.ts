import { UnknownTaskError } from '../../errors/index.js';
import { isA } from '../../errors/text.js';
import type { Call } from '../executor.js';

/** After this many failures in a row, a task is not tried again at once. */
const FAILURES = 2;
/** How long it is not tried then, in ms; doubled by each further failure, up to the maximum. */
const FIRST_PAUSE = 500;
const MAX_PAUSE = 30_000;

interface Failing {
  failures: number;
  /** By `performance.now()`, in ms. */
  retryAt: number;
  readonly error: UnknownTaskError;
}

/**
 * A circuit breaker for tasks that cannot be loaded. Each attempt costs a worker, since Node never
 * loads a file again that has failed to load.
 *
 * @internal
 */
export class LoadBreaker {
  readonly #failing = new Map<string, Failing>();

  /** The error of a call that is not tried now; undefined if it is. */
  refusal({ task, key }: Call): UnknownTaskError | undefined {
    if (this.#failing.size === 0) return undefined;
    const failing = this.#failing.get(nameOf(task));
    if (failing === undefined || failing.failures < FAILURES) return undefined;
    const left = failing.retryAt - performance.now();
    if (left <= 0) return undefined;
    return new UnknownTaskError(
      `${failing.error.message} It has failed ${failing.failures} times in a row, and is tried again in ${Math.ceil(left / 1_000)} s.`,
      { key, task: task.id, cause: failing.error.cause },
    );
  }

  /** @param error what the call failed with; if not an `UnknownTaskError`, the task was loaded */
  record({ task }: Call, error: unknown): void {
    if (!isA(error, UnknownTaskError)) {
      if (this.#failing.size > 0) this.#failing.delete(nameOf(task));
      return;
    }
    const failures = (this.#failing.get(nameOf(task))?.failures ?? 0) + 1;
    const pause = Math.min(MAX_PAUSE, FIRST_PAUSE * 2 ** (failures - FAILURES));
    const retryAt = performance.now() + pause;
    this.#failing.set(nameOf(task), { failures, retryAt, error });
  }
}

function nameOf({ url, exportName }: Call['task']): string {
  return `${url}#${exportName}`;
}
