import { createRequire } from 'node:module';
import type { WireMessage } from '../../wire/protocol.js';
import type { Transferable } from '../executor.js';

/** A message could not be sent: no worker has had it. `cause`: why. */
export class RefusedMessage extends Error {
  constructor(cause: unknown) {
    super('the message was refused', { cause });
  }
}

/** Is called with what workers send. */
export interface WorkersListener {
  /** A worker has posted something: whatever it is. */
  posted(workerId: number, content: unknown): void;
  /** A worker has posted something that cannot be read. */
  unreadable(workerId: number): void;
}

/**
 * A set of workers of one kind, as the scheduler sees them.
 *
 * @internal
 */
export interface Workers {
  /** What they are called: `thread`, `process`. */
  readonly kind: string;
  /** Tells this scheduler's messages from others' in the same pool. */
  readonly scheduler: number;
  /** How many calls a message may carry. */
  readonly maxCalls: number;
  /** Whether values may be shared with them, or moved to them. */
  readonly canShare: boolean;
  /** Whether they are ours to end when they do nothing. */
  readonly isOurs: boolean;
  /** How many messages can run at once. */
  readonly width: number;
  /** Workers alive. */
  readonly alive: number;
  /** Workers kept alive when idle. */
  readonly min: number;
  /** After how many idle ms a worker above `min` is ended; Infinity: never. */
  readonly idleTimeout: number;
  listen(listener: WorkersListener): void;
  /**
   * Resolves when the worker is done with the message. Rejects with {@link RefusedMessage} if it could not
   * be sent, and with another error if the worker died.
   * A message whose calls are undefined ends an idle worker.
   */
  send(message: WireMessage, transferList: readonly Transferable[]): Promise<void>;
  /** The worker that was given the message while it was free and ready; undefined: none, or it is not known. */
  holderOf(message: WireMessage): number | undefined;
  /** Delivers at once what a worker has posted. */
  drain(workerId: number): void;
  /** Tells a worker that does not share memory that its call is to end. */
  abort?(message: WireMessage): void;
  /** Ends a worker at once, whatever it runs. */
  kill(workerId: number): void;
  close(): Promise<void>;
}

/** The built file that workers load first: they cannot run this package's sources. @internal */
export function workerEntry(name: '#task-worker' | '#task-process'): string {
  return createRequire(import.meta.url).resolve(name);
}
