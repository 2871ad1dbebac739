/** How a worker tells whether the call that runs now is to end. */
export interface AbortSource {
  /** Whether it is; may be asked from within a computation that lets nothing else run. */
  readonly isAborted: boolean;
  /** Called once, when the task first asks: resolves when the call is to end, or has ended. */
  wait(): Promise<unknown>;
}

/**
 * The call that runs now in this worker, as the task in it sees it. A worker runs one at a time.
 *
 * @internal
 */
class CurrentTask {
  #source: AbortSource | undefined;
  #signal: AbortSignal | undefined;

  begin(source: AbortSource): void {
    this.#source = source;
    this.#signal = undefined;
  }

  get signal(): AbortSignal {
    this.#signal ??=
      this.#source === undefined ? new AbortController().signal : follow(this.#source);
    return this.#signal;
  }
}

/** @internal */
export const currentTask = new CurrentTask();

function follow(source: AbortSource): AbortSignal {
  const controller = new AbortController();
  const { signal } = controller;
  // The event needs the event loop to turn; who computes without a pause can look at the property.
  Object.defineProperty(signal, 'aborted', { get: () => source.isAborted });
  void source.wait().then(() => {
    if (source.isAborted) controller.abort();
  });
  return signal;
}
