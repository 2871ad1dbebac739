/**
 * Tells whether calls are still wanted. An `AbortSignal` says the same, but most requests end
 * without one being needed, and it would be the dearest object of a dispatch.
 *
 * @internal
 */
export interface Cancellation {
  readonly isCancelled: boolean;
  /** Has `listener` called when the calls are not wanted any more. */
  addListener(listener: () => void): void;
  removeListener(listener: () => void): void;
  /** The same as a signal, made when it is asked for. */
  readonly signal: AbortSignal;
}

/** What `Executor.run()` is given: a signal by callers from outside, more by our own. */
export type CancellationSource = { readonly signal?: AbortSignal } | Cancellation;

/** @internal */
export function cancellationOf(source: CancellationSource): Cancellation | undefined {
  if ('isCancelled' in source) return source;
  return source.signal && new SignalCancellation(source.signal);
}

class SignalCancellation implements Cancellation {
  constructor(readonly signal: AbortSignal) {}

  get isCancelled(): boolean {
    return this.signal.aborted;
  }

  addListener(listener: () => void): void {
    this.signal.addEventListener('abort', listener);
  }

  removeListener(listener: () => void): void {
    this.signal.removeEventListener('abort', listener);
  }
}
