import { parentPort, threadId } from 'node:worker_threads';
import { describeError } from './error-record.js';
import { TaskLoader, UnknownTask } from './task-loader.js';
import { findUncloneable } from './uncloneable.js';
import {
  CURSOR,
  STARTED_AT,
  WORKER_ID,
  WireStatus,
  type ChunkMessage,
  type OutcomeMessage,
  type WireCall,
  type WireOutcome,
} from './worker-protocol.js';

/** Finished results wait at most this long, in ms, for company on their way back. */
const MAX_DELAY = 1;

const loader = new TaskLoader();
let flush = (): void => {};

// A task that ends its worker must not take the results before it along.
process.on('exit', () => flush());

/**
 * Entry of a worker thread: runs the calls of one chunk in order.
 *
 * Results go back by `parentPort`, not as the return value: this way one that cannot be cloned
 * fails alone, and those that are done do not wait for the rest.
 */
export default async function runChunk(message: ChunkMessage): Promise<void> {
  const { dispatcher, chunk, calls } = message;
  const state = new Int32Array(message.progress);
  const clock = new Float64Array(message.progress);
  state[WORKER_ID] = threadId;

  let outcomes: WireOutcome[] = [];
  let flushedAt = performance.now();
  flush = () => {
    if (outcomes.length > 0) {
      post({ nestjsFutures: dispatcher, chunk, worker: threadId, outcomes });
      outcomes = [];
    }
    flushedAt = performance.now();
  };

  for (let i = claim(state); i < calls.length; i = claim(state)) {
    const started = performance.now();
    const startedAt = performance.timeOrigin + started;
    clock[STARTED_AT] = startedAt;
    const [status, payload] = await runCall(calls[i] as WireCall);
    const ended = performance.now();
    outcomes.push([i, status, payload, startedAt, ended - started]);
    if (ended - flushedAt > MAX_DELAY) flush();
  }
  flush();
}

function claim(state: Int32Array): number {
  return Atomics.add(state, CURSOR, 1);
}

async function runCall([url, exportName, args]: WireCall): Promise<[WireStatus, unknown]> {
  try {
    const task = loader.peek(url, exportName) ?? (await loader.load(url, exportName));
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

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}

function post(message: OutcomeMessage): void {
  try {
    parentPort?.postMessage(message);
  } catch {
    // At least one result cannot be cloned: each goes alone, so that only that one fails.
    for (const outcome of message.outcomes) {
      try {
        parentPort?.postMessage({ ...message, outcomes: [outcome] });
      } catch {
        const [index, , payload, startedAt, run] = outcome;
        const culprit = findUncloneable(payload, 'result') ?? {
          path: 'result',
          description: 'a value',
        };
        const failed: WireOutcome = [index, WireStatus.UncloneableResult, culprit, startedAt, run];
        parentPort?.postMessage({ ...message, outcomes: [failed] });
      }
    }
  }
}
