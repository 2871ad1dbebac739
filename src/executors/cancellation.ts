/**
 * Says whether calls are still wanted. An `AbortSignal` says the same, but most requests end
 * without needing one, and it would be the most expensive object of a batch.
 *
 * @internal
 */
export interface Cancellation {
  readonly isCancelled: boolean;
  /** Calls `listener` when the calls are no longer wanted. */
  addListener(listener: () => void): void;
  removeListener(listener: () => void): void;
  /** The same as a signal, created when it is first read. */
  readonly signal: AbortSignal;
}

/** What `Executor.run()` gets: a signal from callers outside, more from this module. */
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
