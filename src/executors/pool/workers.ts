import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { FuturesOptionsError } from '../../errors/index.js';
import { bundlerAdvice, bundlerOf, callerOf } from '../../tasks/bundled.js';
import type { WireMessage } from '../../wire/protocol.js';
import type { Transferable } from '../executor.js';
import type { Preloading } from './preloading.js';

/** A message could not be sent, so no worker has it; `cause` says why. */
export class RefusedMessage extends Error {
  constructor(cause: unknown) {
    super('the message was refused', { cause });
  }
}

/** Gets what workers send. */
export interface WorkersListener {
  /** A worker has posted `content`, which may be anything. */
  posted(workerId: number, content: unknown): void;
  /** A worker has posted something that cannot be deserialized. */
  unreadable(workerId: number): void;
}

/**
 * A set of workers of one kind, as the scheduler sees them.
 *
 * @internal
 */
export interface Workers {
  /** What they are called: `thread` or `process`. */
  readonly kind: string;
  /** Distinguishes this scheduler's messages from those of others in the same pool. */
  readonly scheduler: number;
  /** How many calls a message may carry. */
  readonly maxCalls: number;
  /** Whether values can be shared with them or moved to them. */
  readonly canShare: boolean;
  /** Whether this module owns them, and may end them. */
  readonly isOurs: boolean;
  /** How many messages can run at once. */
  readonly width: number;
  /** Workers alive. */
  readonly alive: number;
  /** Workers that have ended. */
  readonly ended: number;
  /** Workers in a row that have ended before they were ready. */
  readonly failedStarts: number;
  /** Workers kept alive when idle. */
  readonly min: number;
  readonly preloading: Preloading;
  /** How long a worker above `min` may be idle before it is ended, in ms; Infinity: forever. */
  readonly idleTimeout: number;
  listen(listener: WorkersListener): void;
  /**
   * Resolves when the worker is done with the message. Rejects with {@link RefusedMessage} if the
   * message could not be sent, and with another error if the worker died.
   * A message whose calls are undefined ends an idle worker.
   */
  send(message: WireMessage, transferList: readonly Transferable[]): Promise<void>;
  /** The ready worker that holds the message; undefined: there is none, or it is not known. */
  holderOf(message: WireMessage): number | undefined;
  /** Delivers what a worker has posted, without waiting for the event loop. */
  drain(workerId: number): void;
  /** Asks a worker that shares no memory to stop its call. */
  abort?(message: WireMessage): void;
  /** Ends a worker at once, whatever it is running. */
  kill(workerId: number): void;
  close(): Promise<void>;
}

/**
 * Path of the built file that workers load first: they cannot run this package's sources.
 *
 * @throws FuturesOptionsError if it isn't there, since this package is in a bundle
 * @internal
 */
export function workerEntry(name: '#task-worker' | '#task-process'): string {
  try {
    return fileURLToPath(workerEntryUrl(name));
  } catch (cause) {
    const bundler = bundlerOf(callerOf(workerEntry));
    const advice = bundler === undefined ? 'A bundler has moved it.' : bundlerAdvice(bundler);
    throw new FuturesOptionsError(
      `nestjs-futures cannot find the file that its workers load first (${name}). ${advice} ` +
        `If the configuration has that plugin already, or none is wanted, keep nestjs-futures external.`,
      { cause },
    );
  }
}

/** Where this package is bundled, too, `nestjs-futures/bundler` replaces what this returns. */
function workerEntryUrl(name: '#task-worker' | '#task-process'): string {
  return pathToFileURL(createRequire(import.meta.url).resolve(name)).href;
}
