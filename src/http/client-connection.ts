import type { EventEmitter } from 'node:events';
import type { Cancellation } from '../executors/cancellation.js';

interface RawResponse extends EventEmitter {
  readonly writableEnded?: boolean;
  readonly closed?: boolean;
  /** Only in HTTP/2, whose responses have no `closed`. */
  readonly stream?: { readonly closed: boolean };
  [CONNECTION]?: ClientConnection;
}

const CONNECTION = Symbol('nestjs-futures.connection');

/**
 * Knows whether the client still waits for the response.
 *
 * @internal
 */
export class ClientConnection implements Cancellation {
  readonly #response: RawResponse | undefined;
  #listeners: Set<() => void> | undefined;
  #controller: AbortController | undefined;
  /** How many batches of tasks are running for the response. */
  batches = 0;

  private constructor(response: RawResponse | undefined) {
    this.#response = response;
  }

  /**
   * The one connection of a response: resolvers of a GraphQL request must not add a listener each.
   *
   * @param response the server's raw response; undefined where the transport has none
   */
  static of(response: object | undefined): ClientConnection {
    const raw = response as RawResponse | undefined;
    if (raw === undefined) return new ClientConnection(undefined);
    return (raw[CONNECTION] ??= new ClientConnection(raw));
  }

  /**
   * Whether the response is over, so that no more tasks should run for it: the client has
   * disconnected, or something has already answered.
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
   * Aborted when the client disconnects before the response has ended, or when the response ends
   * while tasks run for it.
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

  /** Does not abort if the handler itself has ended the response and no tasks run for it. */
  #abort(): void {
    if (this.batches > 0 || this.#response?.writableEnded !== true) this.#controller?.abort();
  }
}
