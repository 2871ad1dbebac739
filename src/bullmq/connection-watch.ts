import type { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import type { ConnectionOptions } from 'bullmq';

const logger = new Logger('Futures');

/** How long, in ms, a warning is not repeated. */
const QUIET = 30_000;

/**
 * Knows whether a connection works, and logs when it is lost and when it is back: once each, not at
 * each attempt to connect.
 *
 * @internal
 */
export class ConnectionWatch {
  /** When it was lost, by `performance.now()`; undefined: it works. */
  downSince: number | undefined;
  #hasEnded = false;
  readonly #name: string;
  readonly #warned = new Map<string, number>();
  readonly #waiting = new Set<() => void>();

  /** @param connection what BullMQ makes: emits `ready`, `close` and `error` */
  constructor(name: string, connection: EventEmitter) {
    this.#name = name;
    connection.on('error', (error: Error) => this.warn(error));
    connection.on('close', () => this.lost());
    connection.on('ready', () => this.back());
  }

  get isUp(): boolean {
    return this.downSince === undefined;
  }

  /** The connection is closed on purpose. */
  end(): void {
    this.#hasEnded = true;
  }

  lost(): void {
    if (this.downSince !== undefined || this.#hasEnded) return;
    this.downSince = performance.now();
    logger.warn(`${this.#name}: the connection to Redis is lost.`);
  }

  back(): void {
    if (this.downSince !== undefined) logger.log(`${this.#name}: Redis can be reached again.`);
    this.downSince = undefined;
    this.#warned.clear();
    for (const resume of this.#waiting) resume();
    this.#waiting.clear();
  }

  /** Resolves when the connection works, or after `timeout` ms; to whether it works. */
  async whenUp(timeout: number): Promise<boolean> {
    if (this.isUp) return true;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve);
      timer = setTimeout(() => {
        this.#waiting.delete(resolve);
        resolve();
      }, timeout);
    });
    clearTimeout(timer);
    return this.isUp;
  }

  warn({ message, code }: Error & { readonly code?: string }): void {
    if (this.#hasEnded) return;
    const text = message || code || 'unknown error';
    const now = performance.now();
    if (now - (this.#warned.get(text) ?? -Infinity) < QUIET) return;
    this.#warned.set(text, now);
    logger.warn(`${this.#name}: ${text}`);
  }
}

/** Whether it is a client that its owner has made, and closes. */
export function isClient(connection: ConnectionOptions): boolean {
  return typeof (connection as { readonly duplicate?: unknown }).duplicate === 'function';
}

/**
 * Settings of a connection by which requests send: what is sent while it is lost fails, instead of
 * being kept for later. What its owner has set stays.
 */
export function failingFast(connection: ConnectionOptions, timeout: number): ConnectionOptions {
  if (isClient(connection)) return connection;
  return {
    retryStrategy,
    enableOfflineQueue: false,
    connectTimeout: timeout,
    ...connection,
  };
}

/** Settings of a connection that goes on when it is back. What its owner has set stays. */
export function persistent(connection: ConnectionOptions): ConnectionOptions {
  if (isClient(connection)) return connection;
  return { retryStrategy, ...connection, maxRetriesPerRequest: null };
}

function retryStrategy(times: number): number {
  return Math.min(times * 50, 1_000);
}
