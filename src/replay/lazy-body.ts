import { concatMap, Observable, of, Subject, Subscription, type Observer } from 'rxjs';
import type { Ledger } from '../request/ledger.js';

/** What an async generator is, and what Nest reads a body from. */
interface LazyBody {
  [Symbol.asyncIterator](): AsyncIterator<unknown>;
}

/**
 * Runs an async generator that a handler returned up to its first chunk. Nest would do that when
 * all interceptors are done, and the pass with them; done here, what the generator submits before
 * its first chunk has the pass discarded, as a whole.
 *
 * @internal
 */
export function begun(ledger: Ledger, outcome: Observable<unknown>): Observable<unknown> {
  return new Observable((subscriber) => subscribeBegun(ledger, outcome, subscriber));
}

/** Subscribes to what {@link begun} gives, at less cost. @internal */
export function subscribeBegun(
  { pass }: Ledger,
  outcome: Observable<unknown>,
  observer: Observer<unknown>,
): Subscription {
  // If the pass is discarded anyway, its body need not be started.
  const mustBegin = (value: unknown): value is LazyBody =>
    isLazyBody(value) && !pass.hasPending && pass.failure === undefined;
  const all = new Subscription();
  /** Takes all from the first such body on; hardly any outcome has one. */
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
 * Whether reading it runs code of the handler. A stream is none of these: it runs by itself, and is
 * not read from before it is sent.
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

/** A body whose first chunk was read already, and comes first. */
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

/** An iterator made by hand may throw, or return no promise. */
async function nextOf(iterator: AsyncIterator<unknown>): Promise<IteratorResult<unknown>> {
  return iterator.next();
}

async function stop(iterator: AsyncIterator<unknown>): Promise<void> {
  await iterator.return?.();
}

function ignore(): void {}
