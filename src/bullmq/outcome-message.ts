import {
  BrokenExecutorError,
  ExecutorSaturatedError,
  FutureCancelledError,
  FutureTimeoutError,
  TaskArgumentError,
  TaskResultError,
  UnknownTaskError,
  isFuturesException,
} from '../errors/index.js';
import { adoptException } from '../errors/futures.exception.js';
import type { Call, Outcome } from '../executors/executor.js';
import { describeError, type ErrorRecord } from '../worker/error-record.js';
import { reviveError } from '../tasks/error-transport.js';
import { describeUncloneableResult } from '../worker/uncloneable.js';
import { tooLarge } from './job-data.js';
import { pack, sizeOf, unpack } from './payload.js';

/** How a call ended, on its way back. */
enum Kind {
  Resolved,
  /** The task's own error. */
  Failed,
  /** An error of this module. */
  Refused,
}

/** The outcome of one call of a job. There are many of these: no names of properties are sent. */
export type OutcomeMessage = readonly [
  index: number,
  kind: Kind,
  packed: string,
  worker: string,
  run: number,
];

/** What an error of this module becomes again when it has come from a worker, by its code. */
const OWN_ERRORS = new Map<string, { readonly name: string; readonly prototype: Error }>([
  ['ERR_FUTURES_TIMEOUT', FutureTimeoutError],
  ['ERR_FUTURES_SATURATED', ExecutorSaturatedError],
  ['ERR_FUTURES_CANCELLED', FutureCancelledError],
  ['ERR_FUTURES_BROKEN_EXECUTOR', BrokenExecutorError],
  ['ERR_FUTURES_TASK_ARGUMENT', TaskArgumentError],
  ['ERR_FUTURES_TASK_RESULT', TaskResultError],
  ['ERR_FUTURES_UNKNOWN_TASK', UnknownTaskError],
]);

/** Takes an outcome apart for the way back. One whose value is too large is refused instead. */
export function toMessage(
  index: number,
  { status, value, worker, run }: Outcome,
  task: string,
  maxSize: number,
): OutcomeMessage {
  const [kind, packed] = status === 'resolved' ? packResult(value, task) : packError(value);
  const size = sizeOf(packed);
  if (size <= maxSize) return [index, kind, packed, worker, run];
  const [path, advice] =
    kind === Kind.Resolved
      ? ['result', 'Return less, such as an id under which the task has stored it']
      : ['error', 'Throw an error with less in its properties'];
  const reason = tooLarge(maxSize, advice);
  const refusal = new TaskResultError(path, `of ${size} bytes`, { task }, reason);
  return [index, ...packError(refusal), worker, run];
}

/**
 * @param elapsed ms since the call was handed over
 */
export function fromMessage(
  [, kind, packed, worker, run]: OutcomeMessage,
  { key, task }: Call,
  elapsed: number,
): Outcome {
  const wait = Math.max(0, elapsed - run);
  let content: unknown;
  try {
    content = unpack(packed);
  } catch (cause) {
    const value = new BrokenExecutorError(
      `The outcome of the task ${task.id} cannot be read: ${(cause as Error).message}. ` +
        `Workers must not run a newer version of Node than those who wait for them.`,
      { key, task: task.id, cause },
    );
    return { status: 'failed', value, worker, wait, run };
  }
  if (kind === Kind.Resolved) return { status: 'resolved', value: content, worker, wait, run };
  const value = reviveError(content as ErrorRecord);
  if (kind === Kind.Refused && value instanceof Error) {
    const constructor = OWN_ERRORS.get((value as { readonly code?: string }).code ?? '');
    if (constructor !== undefined) adoptException(value, constructor, { key, task: task.id });
  }
  return { status: 'failed', value, worker, wait, run };
}

function packResult(value: unknown, task: string): [Kind, string] {
  try {
    return [Kind.Resolved, pack(value)];
  } catch (cause) {
    const { path, description } = describeUncloneableResult(value);
    return packError(new TaskResultError(path, description, { task, cause }));
  }
}

function packError(error: unknown): [Kind, string] {
  const kind = isFuturesException(error) ? Kind.Refused : Kind.Failed;
  try {
    return [kind, pack(describeError(error))];
  } catch {
    // Something in its properties cannot leave the process; its text can.
    return [kind, pack(describeError(new Error(String(error))))];
  }
}
