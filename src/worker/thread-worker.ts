import { parentPort, threadId, workerData } from 'node:worker_threads';
import { CallRunner } from './call-runner.js';
import type { RunningCall } from './current-task.js';
import { ResultSlots } from './result-slots.js';
import { taskContexts } from './task-contexts.js';
import { transferListOf } from './transfer-lists.js';
import { describeUncloneableResult } from './uncloneable.js';
import { WorkerLifetime, type WorkerLimits } from './worker-lifetime.js';
import {
  ABORTED,
  CURSOR,
  IS_LISTENING,
  IS_LOADING,
  IS_RETIRING,
  STARTED_AT,
  WORKER_ID,
  WireStatus,
  epochNow,
  type ChunkMessage,
  type OutcomeMessage,
  type WireCall,
} from './worker-protocol.js';

const runner = new CallRunner();
/** In a pool that the app owns there are no limits: its threads may be given any data, or none. */
const { futures: limits = {} } = (workerData ?? {}) as { readonly futures?: Partial<WorkerLimits> };
const lifetime = new WorkerLifetime(limits);
taskContexts.inWorker = true;

/**
 * Entry of a worker thread: runs the calls of one chunk in order.
 *
 * Results go back by the chunk's memory or by `parentPort`, not as the return value: this way one
 * that cannot be cloned fails alone, and those that are done do not wait for the rest.
 */
export default async function runChunk(message: ChunkMessage): Promise<void> {
  const { dispatcher, chunk, calls } = message;
  // Says who has the message, so that a thread that cannot end by itself can be ended.
  const progress = new Progress(message.progress);
  if (calls === undefined) return retire();
  const slots = new ResultSlots(message.progress, calls.length);
  for (let i = progress.claim(); i < calls.length; i = progress.claim()) {
    const result = runner.run(calls[i] as WireCall, progress);
    const [status, payload] = result instanceof Promise ? await result : result;
    const { startedAt } = progress;
    const run = epochNow() - startedAt;
    const isLast = lifetime.isOver();
    // Who looks for results in the memory does so when the message is done, and this one never is.
    if (isLast) progress.retire();
    else if (status === WireStatus.Resolved && slots.write(i, payload, startedAt, run)) continue;
    post([dispatcher, chunk, i, status, payload, startedAt, run]);
    slots.markPosted(i);
    if (isLast) await retire();
  }
}

/** Ends this thread; the message is left open, so that it is not sent another. */
async function retire(): Promise<never> {
  await taskContexts.close();
  process.exit();
}

/** The worker's side of a chunk's shared memory. */
class Progress implements RunningCall {
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
    if (this.#state[IS_LISTENING] === 1) {
      this.#state[IS_LISTENING] = 0;
      // Who still waits for the last call's abort is let go.
      Atomics.notify(this.#state, ABORTED);
    }
    this.#index = Atomics.add(this.#state, CURSOR, 1);
    return this.#index;
  }

  retire(): void {
    this.#state[IS_RETIRING] = 1;
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
  const [dispatcher, chunk, index, , payload, startedAt, run] = message;
  const transferList = transferListOf(payload);
  try {
    parentPort?.postMessage(message, transferList);
  } catch (error) {
    const culprit = describeUncloneableResult(payload, transferList, error);
    const status = WireStatus.UncloneableResult;
    const refused: OutcomeMessage = [dispatcher, chunk, index, status, culprit, startedAt, run];
    parentPort?.postMessage(refused);
  }
}
