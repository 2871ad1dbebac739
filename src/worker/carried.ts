import { AsyncLocalStorage } from 'node:async_hooks';
import { onePerThread } from '../wire/one-per-thread.js';
import { apply, parse } from '../wire/primordials.js';

/** What one call carries: read when its task first asks for it. */
interface Parcel {
  readonly json: string;
  value: unknown;
  isRead: boolean;
}

const { run, getStore } = AsyncLocalStorage.prototype;

/**
 * What the calls of this thread carry. It is found through the async context, so a task finds its
 * own in everything that it starts, whatever else runs in the thread.
 *
 * @internal
 */
class Carried {
  readonly #storage = new AsyncLocalStorage<Parcel>();

  /** Runs a task with what its call carries. */
  with<Result>(json: string, start: () => Result): Result {
    const parcel: Parcel = { json, value: undefined, isRead: false };
    return apply(run as never, this.#storage, [parcel, start]) as Result;
  }

  get value(): unknown {
    const parcel = apply(getStore as never, this.#storage, []) as Parcel | undefined;
    if (parcel === undefined) return undefined;
    if (!parcel.isRead) parcel.value = parse(parcel.json);
    parcel.isRead = true;
    return parcel.value;
  }
}

/** @internal */
export const carriedValues = onePerThread('carried', () => new Carried());
