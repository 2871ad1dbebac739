import { parentPort, threadId } from 'node:worker_threads';
import { describeError } from './error-record.js';
import { TaskLoader, UnknownTask } from './task-loader.js';
import type { AnyFunction } from './task.js';
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

const loader = new TaskLoader();

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
    const [status, payload] = await runCall(calls[i] as WireCall, progress);
    const { startedAt } = progress;
    post([dispatcher, chunk, i, status, payload, startedAt, now() - startedAt]);
  }
}

/** The worker's side of a chunk's shared memory. */
class Progress {
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

  /** The time until `loading` is done is not the call's own. */
  async whileLoading(loading: Promise<AnyFunction>): Promise<AnyFunction> {
    this.#state[IS_LOADING] = 1;
    try {
      return await loading;
    } finally {
      this.#startClock();
      this.#state[IS_LOADING] = 0;
    }
  }

  #startClock(): void {
    this.startedAt = now();
    this.#clock[STARTED_AT] = this.startedAt;
  }
}

async function runCall(
  [url, exportName, args]: WireCall,
  progress: Progress,
): Promise<[WireStatus, unknown]> {
  try {
    const task =
      loader.peek(url, exportName) ?? (await progress.whileLoading(loader.load(url, exportName)));
    const result = task(...args);
    return [WireStatus.Resolved, isThenable(result) ? await result : result];
  } catch (error) {
    if (error instanceof UnknownTask) {
      const cause = error.cause === undefined ? undefined : describeError(error.cause);
      return [WireStatus.UnknownTask, { message: error.message, cause }];
    }
    return [WireStatus.Failed, describeError(error)];
  }
}

/** Epoch time in ms, as finely as it can be measured. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
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
