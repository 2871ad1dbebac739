import type { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import type { ConnectionOptions, RedisClient } from 'bullmq';
import { messageOf } from './log-text.js';

const logger = new Logger('Futures');

/** How long, in ms, a warning is not repeated. */
const QUIET = 30_000;
/** Warnings that are remembered: they may hold text from outside. */
const MAX_WARNINGS = 100;
/** How long, in ms, Redis may take to answer on the first connection of a client, before it is made anew. */
const FIRST_HANDSHAKE = 5_001;
/** How long, in ms, a connection that was ended waits for the other end to agree. */
const DISCONNECT_TIMEOUT = 500;
const CONNECT_TIMEOUT = 3_000;

/**
 * Knows whether a connection works, and logs when it is lost and when it is back: once each, not at
 * each attempt to connect.
 *
 * @internal
 */
export class ConnectionWatch {
  /** When it was lost, by `performance.now()`; undefined: it works. */
  downSince: number | undefined;
  /** Why it does not work, as far as is known. */
  reason = 'the connection is lost';
  #hasEnded = false;
  readonly #name: string;
  readonly #warned = new Map<string, number>();
  readonly #waiting = new Set<() => void>();

  /**
   * @param connection what BullMQ makes: emits `ready`, `close` and `error`
   * @param onReady called when it is connected; by default, it works then
   */
  constructor(name: string, connection: EventEmitter, onReady?: () => void) {
    this.#name = name;
    connection.on('error', (error: Error) => this.warn(error));
    connection.on('close', () => this.lost());
    connection.on('ready', onReady ?? (() => this.back()));
  }

  get isUp(): boolean {
    return this.downSince === undefined;
  }

  /** The connection is closed on purpose. */
  end(): void {
    this.#hasEnded = true;
  }

  /** @param reason what Redis says, if it is there and does not do what it is asked */
  lost(reason?: string): void {
    if (this.#hasEnded) return;
    const isNews = this.isUp || (reason !== undefined && reason !== this.reason);
    this.downSince ??= performance.now();
    if (!isNews) return;
    this.reason = reason ?? 'the connection is lost';
    this.warn(new Error(reason === undefined ? 'the connection to Redis is lost.' : reason));
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

  /** Logs it, unless the same was logged in the last 30 s. */
  warn(problem: unknown): void {
    const text = messageOf(problem);
    this.warnOf(text, text);
  }

  /**
   * Logs a problem, unless one of its kind was logged in the last 30 s.
   *
   * @param text safe to log
   */
  warnOf(text: string, kind: string): void {
    if (this.#hasEnded) return;
    const now = performance.now();
    if (now - (this.#warned.get(kind) ?? -Infinity) < QUIET) return;
    if (this.#warned.size >= MAX_WARNINGS) this.#warned.clear();
    this.#warned.set(kind, now);
    logger.warn(`${this.#name}: ${text}`);
  }
}

/** Whether it is a client that its owner has made, and closes. */
export function isClient(connection: ConnectionOptions): boolean {
  return typeof (connection as { readonly duplicate?: unknown }).duplicate === 'function';
}

/** Whether a client has a connection that commands can go over. */
export function isLive({ status, isCluster }: RedisClient): boolean {
  return status === 'ready' || (isCluster && status === 'connect');
}

/** Has a client connect anew, if it has a connection: the other end may have gone without a word. */
export function reconnect(client: RedisClient): void {
  if (isLive(client)) client.disconnect(true);
}

/**
 * To be called for clients with `persistent()` settings: the limit of their first handshake must not
 * become one of all commands. A command that is given up is sent all the same when the connection is
 * back, and a job that it takes then is nobody's.
 */
export function endHandshake(client: Promise<RedisClient>): void {
  client
    .then(({ options }) => {
      if (options?.commandTimeout === FIRST_HANDSHAKE) options.commandTimeout = undefined;
    })
    .catch(() => {});
}

/**
 * Settings of a connection by which requests send: what is sent while it is lost fails, instead of
 * being kept for later, and what was under way when it was lost is not sent twice. What its owner has
 * set stays.
 */
export function failingFast(connection: ConnectionOptions, timeout: number): ConnectionOptions {
  if (isClient(connection)) return connection;
  return {
    retryStrategy,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: timeout,
    disconnectTimeout: DISCONNECT_TIMEOUT,
    commandTimeout: Math.max(FIRST_HANDSHAKE, timeout),
    ...connection,
  };
}

/** Settings of a connection that goes on when it is back. What its owner has set stays. */
export function persistent(connection: ConnectionOptions): ConnectionOptions {
  if (isClient(connection)) return connection;
  return {
    retryStrategy,
    connectTimeout: CONNECT_TIMEOUT,
    disconnectTimeout: DISCONNECT_TIMEOUT,
    commandTimeout: FIRST_HANDSHAKE,
    ...connection,
    maxRetriesPerRequest: null,
  };
}

function retryStrategy(times: number): number {
  return Math.min(times * 50, 1_000);
}
