import type { EventEmitter } from 'node:events';
import type { Cancellation } from '../executors/cancellation.js';

interface RawResponse extends EventEmitter {
  readonly writableEnded?: boolean;
  readonly closed?: boolean;
}

/**
 * Tells whether the client still waits for the response.
 *
 * @internal
 */
export class ClientConnection implements Cancellation {
  readonly #response: RawResponse | undefined;
  #isGone = false;
  #listeners: Set<() => void> | undefined;
  #signal: AbortSignal | undefined;

  /** @param response the server's raw response; undefined where the transport has none */
  constructor(response: object | undefined) {
    this.#response = response as RawResponse | undefined;
  }

  get isCancelled(): boolean {
    this.#isGone ||= this.#response?.closed === true && this.#response.writableEnded !== true;
    return this.#isGone;
  }

  addListener(listener: () => void): void {
    this.#listeners ??= this.#listen();
    this.#listeners.add(listener);
  }

  removeListener(listener: () => void): void {
    this.#listeners?.delete(listener);
  }

  /** Aborted when the client goes away before the response has ended. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const controller = new AbortController();
      this.#signal = controller.signal;
      if (this.isCancelled) controller.abort();
      else this.addListener(() => controller.abort());
    }
    return this.#signal;
  }

  #listen(): Set<() => void> {
    const listeners = new Set<() => void>();
    // Emitted at the end of each response too: then nobody waits for it any more.
    this.#response?.on('close', () => {
      if (!this.isCancelled) return;
      for (const listener of listeners) listener();
    });
    return listeners;
  }
}
