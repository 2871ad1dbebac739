import type { EventEmitter } from 'node:events';
import type { Cancellation } from '../executors/executor.js';

interface RawResponse extends EventEmitter {
  readonly writableEnded?: boolean;
  readonly closed?: boolean;
  /** Of HTTP/2, whose responses have no `closed`. */
  readonly stream?: { readonly closed: boolean };
  [CONNECTION]?: ClientConnection;
}

const CONNECTION = Symbol('nestjs-futures.connection');

/**
 * Tells whether somebody still waits for the response.
 *
 * @internal
 */
export class ClientConnection implements Cancellation {
  readonly #response: RawResponse | undefined;
  #listeners: Set<() => void> | undefined;
  #controller: AbortController | undefined;
  /** How many batches of tasks run for the response. */
  batches = 0;

  private constructor(response: RawResponse | undefined) {
    this.#response = response;
  }

  /**
   * The one of this response: the many resolvers of a GraphQL request must not add a listener each.
   *
   * @param response the server's raw response; undefined where the transport has none
   */
  static of(response: object | undefined): ClientConnection {
    const raw = response as RawResponse | undefined;
    if (raw === undefined) return new ClientConnection(undefined);
    return (raw[CONNECTION] ??= new ClientConnection(raw));
  }

  /**
   * Whether the response is over, so that no task should run for it any more: the client has gone,
   * or something has answered already.
   */
  get isCancelled(): boolean {
    const response = this.#response;
    return (response?.closed ?? response?.stream?.closed) === true;
  }

  addListener(listener: () => void): void {
    this.#listeners ??= this.#listen();
    this.#listeners.add(listener);
  }

  removeListener(listener: () => void): void {
    this.#listeners?.delete(listener);
  }

  /**
   * Aborted when the client goes away before the response has ended, or when it ends while tasks
   * run for it.
   */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      this.#listeners ??= this.#listen();
      if (this.isCancelled) this.#abort();
    }
    return this.#controller.signal;
  }

  #listen(): Set<() => void> {
    const listeners = new Set<() => void>();
    this.#response?.on('close', () => {
      this.#abort();
      for (const listener of listeners) listener();
    });
    return listeners;
  }

  /** A response that its handler has ended was not cut off. */
  #abort(): void {
    if (this.batches > 0 || this.#response?.writableEnded !== true) this.#controller?.abort();
  }
}
