import { AsyncLocalStorage } from 'node:async_hooks';
import { onePerThread } from '../wire/one-per-thread.js';
import { parse } from '../wire/primordials.js';

/** What one call carries: read when its task first asks for it. */
interface Parcel {
  readonly json: string;
  value: unknown;
  isRead: boolean;
}

/**
 * What the calls of this thread carry. It is found through the async context, so a task finds its
 * own in everything that it starts, whatever else runs in the thread.
 *
 * @internal
 */
class Carried {
  readonly #run: AsyncLocalStorage<Parcel>['run'];
  readonly #current: () => Parcel | undefined;

  constructor() {
    const storage = new AsyncLocalStorage<Parcel>();
    // Bound now: a task may replace the methods of the class.
    this.#run = storage.run.bind(storage);
    this.#current = storage.getStore.bind(storage);
  }

  /** Runs a task with what its call carries. */
  with<Result>(json: string, start: () => Result): Result {
    return this.#run({ json, value: undefined, isRead: false }, start);
  }

  get value(): unknown {
    const parcel = this.#current();
    if (parcel === undefined) return undefined;
    if (!parcel.isRead) parcel.value = parse(parcel.json);
    parcel.isRead = true;
    return parcel.value;
  }
}

/** @internal */
export const carriedValues = onePerThread('carried', () => new Carried());
