import { parentPort, threadId } from 'node:worker_threads';
import { CallRunner, type LoadHooks } from './call-runner.js';
import { currentTask, type AbortSource } from './current-task.js';
import { describeUncloneableResult } from './uncloneable.js';
import {
  ABORTED,
  CURSOR,
  IS_LISTENING,
  IS_LOADING,
  STARTED_AT,
  WORKER_ID,
  WireStatus,
  epochNow,
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
    post([dispatcher, chunk, i, status, payload, startedAt, epochNow() - startedAt]);
  }
}

/** The worker's side of a chunk's shared memory. */
class Progress implements LoadHooks, AbortSource {
  /** Epoch time in ms at which the current call started. */
  startedAt = 0;
  #index = 0;
  readonly #state: Int32Array;
  readonly #clock: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#state = new Int32Array(memory);
    this.#clock = new Float64Array(memory);
    this.#state[WORKER_ID] = threadId;
  }

  /** The index of the next call, which starts now. */
  claim(): number {
    // Before the claim: what is seen with it must never be the last call's.
    this.#startClock();
    this.#state[IS_LISTENING] = 0;
    // Who still waits for the last call's abort is let go.
    Atomics.notify(this.#state, ABORTED);
    this.#index = Atomics.add(this.#state, CURSOR, 1);
    currentTask.begin(this);
    return this.#index;
  }

  get isAborted(): boolean {
    return Atomics.load(this.#state, ABORTED) === this.#index + 1;
  }

  async wait(): Promise<void> {
    Atomics.store(this.#state, IS_LISTENING, 1);
    const seen = Atomics.load(this.#state, ABORTED);
    await AsyncAtomics.waitAsync(this.#state, ABORTED, seen).value;
  }

  beginLoad(): void {
    this.#state[IS_LOADING] = 1;
  }

  endLoad(): void {
    this.#startClock();
    this.#state[IS_LOADING] = 0;
  }

  #startClock(): void {
    this.startedAt = epochNow();
    this.#clock[STARTED_AT] = this.startedAt;
  }
}

/** `waitAsync` is of ES2024, and in Node 20. */
const AsyncAtomics = Atomics as unknown as {
  waitAsync(array: Int32Array, index: number, value: number): { value: string | Promise<string> };
};

function post(message: OutcomeMessage): void {
  try {
    parentPort?.postMessage(message);
  } catch {
    const [dispatcher, chunk, index, , payload, startedAt, run] = message;
    const culprit = describeUncloneableResult(payload);
    const status = WireStatus.UncloneableResult;
    const refused: OutcomeMessage = [dispatcher, chunk, index, status, culprit, startedAt, run];
    parentPort?.postMessage(refused);
  }
}
