import { parentPort, threadId } from 'node:worker_threads';
import { CallRunner, type LoadHooks } from './call-runner.js';
import { findUncloneable } from './uncloneable.js';
import {
  CURSOR,
  IS_LOADING,
  STARTED_AT,
  WORKER_ID,
  WireStatus,
  type ChunkMessage,
  type OutcomeMessage,
  type WireCall,
} from './worker-protocol.js';

const runner = new CallRunner();

/**
 * Entry of a worker thread: runs the calls of one chunk in order.
 *
 * Results go back by `parentPort`, not as the return value: this way one that cannot be cloned
 * fails alone, and those that are done do not wait for the rest.
 */
export default async function runChunk(message: ChunkMessage): Promise<void> {
  const { dispatcher, chunk, calls } = message;
  const progress = new Progress(message.progress);
  for (let i = progress.claim(); i < calls.length; i = progress.claim()) {
    const [status, payload] = await runner.run(calls[i] as WireCall, progress);
    const { startedAt } = progress;
    post([dispatcher, chunk, i, status, payload, startedAt, now() - startedAt]);
  }
}

/** The worker's side of a chunk's shared memory. */
class Progress implements LoadHooks {
  /** Epoch time in ms at which the current call started. */
  startedAt = 0;
  readonly #state: Int32Array;
  readonly #clock: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#state = new Int32Array(memory);
    this.#clock = new Float64Array(memory);
    this.#state[WORKER_ID] = threadId;
  }

  /** The index of the next call, which starts now. */
  claim(): number {
    // Before the claim: the clock must never show the last call's start for the next one.
    this.#startClock();
    return Atomics.add(this.#state, CURSOR, 1);
  }

  beginLoad(): void {
    this.#state[IS_LOADING] = 1;
  }

  endLoad(): void {
    this.#startClock();
    this.#state[IS_LOADING] = 0;
  }

  #startClock(): void {
    this.startedAt = now();
    this.#clock[STARTED_AT] = this.startedAt;
  }
}

/** Epoch time in ms, as finely as it can be measured. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function post(message: OutcomeMessage): void {
  try {
    parentPort?.postMessage(message);
  } catch {
    const [dispatcher, chunk, index, , payload, startedAt, run] = message;
    const culprit = findUncloneable(payload, 'result') ?? {
      path: 'result',
      description: 'a value',
    };
    const status = WireStatus.UncloneableResult;
    const refused: OutcomeMessage = [dispatcher, chunk, index, status, culprit, startedAt, run];
    parentPort?.postMessage(refused);
  }
}
