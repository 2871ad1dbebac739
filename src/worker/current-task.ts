/** The call that runs now, as its worker's side of the protocol. */
export interface RunningCall {
  /** Whether it is to end; may be asked from within a computation that lets nothing else run. */
  readonly isAborted: boolean;
  /** Called once, when the task first asks: resolves when the call is to end, or has ended. */
  wait(): Promise<unknown>;
  /** The call has to wait for its task file, or for its context: that time is not its own. */
  beginLoad(): void;
  endLoad(): void;
}

/**
 * The call that runs now in this worker, as the task in it sees it. A worker runs one at a time.
 *
 * @internal
 */
class CurrentTask {
  #call: RunningCall | undefined;
  #signal: AbortSignal | undefined;

  begin(call: RunningCall): void {
    this.#call = call;
    this.#signal = undefined;
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#call === undefined ? new AbortController().signal : follow(this.#call);
    return this.#signal;
  }

  /** Waits for something that only the first call of a worker has to wait for. */
  async load<T>(loading: Promise<T>): Promise<T> {
    const call = this.#call;
    call?.beginLoad();
    try {
      return await loading;
    } finally {
      if (call === this.#call) call?.endLoad();
    }
  }
}

/** @internal */
export const currentTask = new CurrentTask();

function follow(call: RunningCall): AbortSignal {
  const controller = new AbortController();
  const { signal } = controller;
  // The event needs the event loop to turn; who computes without a pause can look at the property.
  Object.defineProperty(signal, 'aborted', { get: () => call.isAborted });
  void call.wait().then(() => {
    if (call.isAborted) controller.abort();
  });
  return signal;
}
