import type { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import type { ConnectionOptions, RedisClient } from 'bullmq';
import { messageOf } from './log-text.js';

const logger = new Logger('Futures');

/** How long, in ms, a warning is not repeated. */
const QUIET = 30_000;
/** Number of warnings to remember. It is limited because their text may come from outside. */
const MAX_WARNINGS = 100;
/** How long, in ms, Redis may take to answer on a client's first connection before a reconnect. */
const FIRST_HANDSHAKE = 5_001;
/** How long, in ms, a closed connection waits for the other end to close it too. */
const DISCONNECT_TIMEOUT = 500;
const CONNECT_TIMEOUT = 3_000;

/**
 * Knows whether a connection works. Logs once when it is lost and once when it is back, not at each
 * attempt to connect.
 *
 * @internal
 */
export class ConnectionWatch {
  /** When the connection was lost, by `performance.now()`; undefined: it works. */
  downSince: number | undefined;
  /** Why the connection doesn't work, as far as is known. */
  reason = 'the connection is lost';
  #hasEnded = false;
  readonly #name: string;
  readonly #warned = new Map<string, number>();
  readonly #waiting = new Set<() => void>();

  /**
   * @param connection from BullMQ: emits `ready`, `close` and `error`
   * @param onReady called when it is connected; by default, it then counts as working
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

  /** Call it before the connection is closed on purpose, so that its loss is not reported. */
  end(): void {
    this.#hasEnded = true;
  }

  /** @param reason Redis's own message, if Redis can be reached but refuses what it is asked */
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

  /** Resolves to whether the connection works: when it does, or after `timeout` ms. */
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

  /** Logs a problem, unless the same one was logged in the last 30 s. */
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

/** Whether it is the user's own client, which the user closes. */
export function isClient(connection: ConnectionOptions): boolean {
  return typeof (connection as { readonly duplicate?: unknown }).duplicate === 'function';
}

/** Whether the client has a connection that commands can use. */
export function isLive({ status, isCluster }: RedisClient): boolean {
  return status === 'ready' || (isCluster && status === 'connect');
}

/** Reconnects a client that is connected: the other end may have vanished without closing. */
export function reconnect(client: RedisClient): void {
  if (isLive(client)) client.disconnect(true);
}

/**
 * To be called for clients with `persistent()` settings: the time limit of their first handshake
 * must not apply to every command. A command that timed out is still sent when the connection is
 * back, and a job that it then takes would belong to nobody.
 */
export function endHandshake(client: Promise<RedisClient>): void {
  client
    .then(({ options }) => {
      if (options?.commandTimeout === FIRST_HANDSHAKE) options.commandTimeout = undefined;
    })
    .catch(() => {});
}

/**
 * Settings of the connection that requests send on. Commands fail while it is lost instead of being
 * kept for later, and commands in flight when it was lost are not sent twice. The user's own
 * settings take precedence.
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

/** Settings of a connection that resumes after an outage. The user's settings take precedence. */
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
