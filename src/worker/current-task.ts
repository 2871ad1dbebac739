import { onePerThread } from '../wire/one-per-thread.js';

/** The worker's side of the protocol for the running call. */
export interface RunningCall {
  /** Whether it must stop. Can be read during a computation that lets nothing else run. */
  readonly isAborted: boolean;
  /** Called once, when the task first asks: resolves when the call must stop, or has ended. */
  wait(): Promise<unknown>;
  /** The call must wait for its task file or context: that time is not its own. */
  beginLoad(): void;
  endLoad(): void;
}

/**
 * The running call of this worker, as its task sees it. A worker runs one call at a time.
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

  /** Waits for a task file or a context, which only the first call has to wait for. */
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
export const currentTask = onePerThread('current-task', () => new CurrentTask());

function follow(call: RunningCall): AbortSignal {
  const controller = new AbortController();
  const { signal } = controller;
  // The event needs the event loop; a task that computes without a pause can read the property.
  Object.defineProperty(signal, 'aborted', { get: () => call.isAborted });
  void call.wait().then(() => {
    if (call.isAborted) controller.abort();
  });
  return signal;
}
