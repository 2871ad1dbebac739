import { setMaxListeners, type EventEmitter } from 'node:events';

interface RawResponse extends EventEmitter {
  readonly writableEnded?: boolean;
  readonly closed?: boolean;
}

/**
 * Tells whether the client still waits for the response.
 *
 * @internal
 */
export class ClientConnection {
  readonly #response: RawResponse | undefined;
  #controller: AbortController | undefined;
  #isShared = false;

  /** @param response the server's raw response; undefined where the transport has none */
  constructor(response: object | undefined) {
    this.#response = response as RawResponse | undefined;
  }

  get isGone(): boolean {
    return (
      this.#controller?.signal.aborted === true ||
      (this.#response?.closed === true && this.#response.writableEnded !== true)
    );
  }

  /** Aborted when the client goes away before the response has ended. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      if (this.isGone) controller.abort();
      // Emitted at the end of each response too: then nobody waits for the signal any more.
      this.#response?.once('close', () => {
        if (this.#response?.writableEnded !== true) controller.abort();
      });
    } else if (!this.#isShared) {
      this.#isShared = true;
      // Each batch listens, and a GraphQL request may have many.
      setMaxListeners(0, this.#controller.signal);
    }
    return this.#controller.signal;
  }
}
