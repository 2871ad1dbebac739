import { concatMap, Observable, of, Subject, Subscription, type Observer } from 'rxjs';
import type { Ledger } from '../request/ledger.js';

/** An async iterable, such as an async generator. Nest can read a body from it. */
interface LazyBody {
  [Symbol.asyncIterator](): AsyncIterator<unknown>;
}

/**
 * Runs an async generator that a handler returned up to its first chunk. Nest would start it after
 * all interceptors, when the pass is over. Started here, a generator that submits before its first
 * chunk gets its whole pass discarded.
 *
 * @internal
 */
export function begun(ledger: Ledger, outcome: Observable<unknown>): Observable<unknown> {
  return new Observable((subscriber) => subscribeBegun(ledger, outcome, subscriber));
}

/** Subscribes to what {@link begun} returns, but cheaper. @internal */
export function subscribeBegun(
  { pass }: Ledger,
  outcome: Observable<unknown>,
  observer: Observer<unknown>,
): Subscription {
  // If the pass is discarded anyway, its body is not started.
  const mustBegin = (value: unknown): value is LazyBody =>
    isLazyBody(value) && !pass.hasPending && pass.failure === undefined;
  const all = new Subscription();
  /** Takes all values from the first such body on. Hardly any outcome has one. */
  let rest: Subject<unknown> | undefined;
  all.add(
    outcome.subscribe({
      next: (value) => {
        if (rest === undefined && mustBegin(value)) {
          rest = new Subject();
          const each = concatMap((next) => (mustBegin(next) ? begin(next) : of(next)));
          all.add(rest.pipe(each).subscribe(observer));
        }
        (rest ?? observer).next(value);
      },
      error: (error: unknown) => (rest ?? observer).error(error),
      complete: () => (rest ?? observer).complete(),
    }),
  );
  return all;
}

function begin(body: LazyBody): Observable<BegunBody> {
  return new Observable((subscriber) => {
    const iterator = body[Symbol.asyncIterator]();
    let isHandedOn = false;
    nextOf(iterator).then(
      (first) => {
        if (subscriber.closed) return;
        isHandedOn = true;
        subscriber.next(new BegunBody(iterator, first));
        subscriber.complete();
      },
      (error: unknown) => subscriber.error(error),
    );
    return () => {
      if (!isHandedOn) stop(iterator).catch(ignore);
    };
  });
}

/**
 * Whether reading it runs code of the handler. A stream does not count: it runs by itself, and is
 * not read before it is sent.
 */
function isLazyBody(value: unknown): value is LazyBody {
  if (typeof value !== 'object' || value === null) return false;
  try {
    if (value instanceof BegunBody) return false;
    const { pipe, getReader, then } = value as Record<string, unknown>;
    const isStream = pipe !== undefined || getReader !== undefined;
    return Symbol.asyncIterator in value && !isStream && typeof then !== 'function';
  } catch {
    return false;
  }
}

/** A body whose first chunk was already read, and is yielded first. */
class BegunBody implements AsyncIterableIterator<unknown> {
  readonly #iterator: AsyncIterator<unknown>;
  #first: IteratorResult<unknown> | undefined;

  constructor(iterator: AsyncIterator<unknown>, first: IteratorResult<unknown>) {
    this.#iterator = iterator;
    this.#first = first;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown>> {
    const first = this.#first;
    this.#first = undefined;
    return first ?? nextOf(this.#iterator);
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.#first = undefined;
    await stop(this.#iterator);
    return { done: true, value: undefined };
  }
}

/** Async, since a hand-written iterator may throw, or return no promise. */
async function nextOf(iterator: AsyncIterator<unknown>): Promise<IteratorResult<unknown>> {
  return iterator.next();
}

async function stop(iterator: AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.();
}

function ignore(): void {}
