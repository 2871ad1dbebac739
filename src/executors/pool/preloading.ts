import { UnknownTaskError } from '../../errors/index.js';
import { isPacked, unpack } from '../../wire/codec.js';
import type { ErrorRecord } from '../../wire/error-record.js';
import { reviveError } from '../../wire/revive-error.js';
import { messageOf } from '../../wire/uncloneable.js';

/** How long, in ms, workers may take to load what they preload. */
const MAX_PRELOAD = 60_000;

/**
 * Waits until a pool's first workers have loaded the task files that they preload.
 *
 * @internal
 */
export class Preloading {
  /** Rejects with an `UnknownTaskError` if a worker could not. */
  readonly done: Promise<void>;
  readonly #files: readonly string[];
  #left: number;
  #settle!: (error?: Error) => void;

  /** @param workers how many workers are waited for */
  constructor(files: readonly string[], workers: number) {
    this.#files = files;
    this.#left = files.length === 0 ? 0 : workers;
    this.done = new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(SLOW), MAX_PRELOAD);
      this.#settle = (error) => {
        clearTimeout(timer);
        if (error === undefined) resolve();
        else reject(error);
      };
    });
    // The app may be closed before anyone waits.
    this.done.catch(() => {});
    if (this.#left === 0) this.#settle();
  }

  /** @param failure what a worker sends if it could not load the files; undefined: it could */
  take(failure: unknown): void {
    if (failure !== undefined) this.#settle(readFailure(failure));
    else if (--this.#left <= 0) this.#settle();
  }

  /** A worker has exited. It only matters here if it had not loaded its files. */
  exited(): void {
    if (this.#left > 0) this.#fail('a worker exited while it loaded them');
  }

  #fail(reason: string): void {
    const files = this.#files.join(', ');
    this.#settle(
      new UnknownTaskError(`The task files of "preload" (${files}) cannot be loaded: ${reason}.`),
    );
  }
}

const SLOW = `they were not loaded after ${MAX_PRELOAD / 1_000} s. See what they wait for`;

/** Whatever the worker has sent. */
function readFailure(failure: unknown): Error {
  try {
    if (!isPacked(failure)) throw new Error('its worker gives no reason');
    const { message, cause } = unpack(failure) as { message: unknown; cause?: ErrorRecord };
    const reason = cause === undefined ? undefined : reviveError(cause);
    return new UnknownTaskError(String(message), { cause: reason });
  } catch (error) {
    return new UnknownTaskError(`A task file of "preload" cannot be loaded: ${messageOf(error)}.`);
  }
}
