import { monotonicNow } from '../wire/clock.js';
import type { ProcessEvent } from '../worker/process-protocol.js';
import {
  CURSOR,
  IS_LOADING,
  IS_RETIRING,
  STARTED_AT,
  WORKER_ID,
  type ChunkMessage,
} from '../worker/worker-protocol.js';

/**
 * Keeps a chunk's shared memory for a process, which cannot share it.
 *
 * @internal
 */
export class ProcessProgress {
  readonly #message: ChunkMessage;
  readonly #state: Int32Array;
  readonly #clock: Float64Array;
  #hasStarted = false;
  #hasEnded = false;

  constructor(message: ChunkMessage) {
    this.#message = message;
    this.#state = new Int32Array(message.progress);
    this.#clock = new Float64Array(message.progress);
    if (message.calls === undefined) return;
    // What was sent to a process cannot be taken back; until it starts, the time is not the call's.
    this.#clock[STARTED_AT] = monotonicNow();
    this.#state[IS_LOADING] = 1;
    this.#state[CURSOR] = 1;
  }

  /**
   * Takes what the process says; returns the outcome if it is one.
   *
   * @throws Error if it is not an event of the protocol
   */
  take(event: ProcessEvent, pid: number): unknown {
    switch (event[0]) {
      case 'started':
        this.#hasStarted = true;
        this.#state[WORKER_ID] = pid;
        this.#clock[STARTED_AT] = monotonicNow();
        this.#state[IS_LOADING] = event[1] ? 1 : 0;
        return undefined;
      case 'retiring':
        this.#state[IS_RETIRING] = 1;
        return undefined;
      case 'outcome': {
        if (!this.#hasStarted || this.#hasEnded) throw new Error('an outcome that is not due');
        this.#hasEnded = true;
        const [, status, payload, run] = event;
        const startedAt = this.#clock[STARTED_AT] as number;
        return [this.#message.chunk, 0, status, payload, startedAt, run];
      }
      default:
        throw new Error('an unknown event');
    }
  }

  /** If the call was never started, it may run elsewhere. */
  died(): void {
    if (!this.#hasStarted) this.#state[CURSOR] = 0;
  }
}
