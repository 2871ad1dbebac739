import type { ChunkMessage } from '../worker/worker-protocol.js';
import type { Transferable } from './executor.js';

/**
 * A set of workers of one kind, as the dispatcher sees them.
 *
 * @internal
 */
export interface Workers {
  /** What they are called: `thread`, `process`. */
  readonly kind: string;
  /** How many calls a chunk may carry. */
  readonly maxCalls: number;
  /** How many chunks can run at once. */
  readonly width: number;
  /** Workers alive. */
  readonly alive: number;
  /** Workers kept alive when idle. */
  readonly min: number;
  /** After how many idle ms a worker above `min` is ended; Infinity: never, since they are not ours to end. */
  readonly idleTimeout: number;
  /** Has what workers post taken by `onMessage`. */
  listen(onMessage: (message: unknown) => void): void;
  /**
   * Resolves when the worker is done with the chunk; rejects if it was not sent, or the worker died.
   * A message whose calls are undefined ends an idle worker.
   */
  send(message: ChunkMessage, transferList: readonly Transferable[]): Promise<void>;
  /** Tells a worker that does not share memory that its call is to end. */
  abort?(workerId: number): void;
  /** Ends a worker at once, whatever it runs. */
  kill(workerId: number): void;
  close(): Promise<void>;
}
