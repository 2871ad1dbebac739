import {
  type ErrorRecord,
  adoptException,
  describeError,
  describeRefusal,
  findUncloneable,
  reviveError,
  told,
} from '../executors/kit.js';
import {
  BrokenExecutorError,
  type Call,
  ExecutorSaturatedError,
  FutureCancelledError,
  FutureTimeoutError,
  type Outcome,
  TaskArgumentError,
  TaskResultError,
  UnknownTaskError,
  isFuturesException,
} from '../index.js';
import { tooLarge } from './job-data.js';
import { causeOf, messageOf } from './log-text.js';
import { pack, sizeOf, unpack } from './payload.js';

/** How a call ended, as an outcome message states it. */
export enum Kind {
  Resolved,
  /** The task's own error. */
  Failed,
  /** An error of this module. */
  Refused,
  /** Not started: the worker lacks the task. Its name replaces the place where a call ran. */
  Unknown,
}

/** The outcome of one call of a job. A list, since property names would cost space in each one. */
export type OutcomeMessage = readonly [
  index: number,
  kind: Kind,
  packed: string,
  worker: string,
  run: number,
];

/** The classes that this module's own errors get back on arrival, by error code. */
const OWN_ERRORS = new Map<string, { readonly name: string; readonly prototype: Error }>([
  ['ERR_FUTURES_TIMEOUT', FutureTimeoutError],
  ['ERR_FUTURES_SATURATED', ExecutorSaturatedError],
  ['ERR_FUTURES_CANCELLED', FutureCancelledError],
  ['ERR_FUTURES_BROKEN_EXECUTOR', BrokenExecutorError],
  ['ERR_FUTURES_TASK_ARGUMENT', TaskArgumentError],
  ['ERR_FUTURES_TASK_RESULT', TaskResultError],
  ['ERR_FUTURES_UNKNOWN_TASK', UnknownTaskError],
]);

/** Packs an outcome to be sent. If its value is too large, the call fails with an error instead. */
export function toMessage(
  index: number,
  { status, value, worker, run }: Outcome,
  task: string,
  maxSize: number,
): OutcomeMessage {
  const [kind, packed] = status === 'resolved' ? packResult(value, task) : packError(value);
  const size = sizeOf(packed);
  if (size <= maxSize) return [index, kind, packed, worker, run];
  return [index, ...packError(oversize(kind, size, task, maxSize)), worker, run];
}

/**
 * States that a worker doesn't have the task, so that another one can run it.
 *
 * @param worker name of the worker in the fleet
 */
export function toUnknownMessage(index: number, error: unknown, worker: string): OutcomeMessage {
  return [index, Kind.Unknown, packError(error)[1], worker, 0];
}

/**
 * Never throws: an outcome that can't be read fails its call.
 *
 * @param elapsed ms since the call was handed over
 */
export function fromMessage(
  [, kind, packed, worker, ran]: OutcomeMessage,
  call: Call,
  elapsed: number,
): Outcome {
  // A worker that reports a longer run is wrong.
  const run = Math.min(ran, elapsed);
  const place = { worker: kind === Kind.Unknown ? '' : told`${worker}`, wait: elapsed - run, run };
  try {
    const content = unpack(packed);
    if (kind === Kind.Resolved) return { status: 'resolved', value: content, ...place };
    return { status: 'failed', value: toError(kind, content as ErrorRecord, call), ...place };
  } catch (cause) {
    return { status: 'failed', value: unreadable(cause, call), ...place };
  }
}

function toError(kind: Kind, record: ErrorRecord, { args, key, task }: Call): unknown {
  const value = reviveError(record);
  if (kind === Kind.Failed || !(value instanceof Error)) return value;
  const constructor = OWN_ERRORS.get((value as { readonly code?: string }).code ?? '');
  if (constructor !== undefined) adoptException(value, constructor, { key, task: task.id });
  if (constructor !== TaskArgumentError) return value;
  // Some values can be packed but not unpacked, and the worker can't tell which one it was.
  const culprit = findUncloneable(args, 'args', (part) => unpack(pack(part)));
  if (culprit === undefined) return value;
  const options = { key, task: task.id, cause: value };
  return new TaskArgumentError(culprit.path, culprit.description, options);
}

function unreadable(cause: unknown, { key, task }: Call): Error {
  const options = { key, task: task.id, cause: causeOf(cause) };
  if ((cause as Partial<Error> | undefined)?.name === 'RangeError') {
    const reason = 'so it cannot be read here. Return plain data that is less deep.';
    return new TaskResultError('result', 'nested too deeply', options, reason);
  }
  return new BrokenExecutorError(
    `The outcome of the task ${task.id} cannot be read: ${messageOf(cause)}. ` +
      `Workers must not run a newer version of Node than those who wait for them.`,
    options,
  );
}

function oversize(kind: Kind, size: number, task: string, maxSize: number): TaskResultError {
  const [path, advice] =
    kind === Kind.Resolved
      ? ['result', 'Return less, such as an id under which the task has stored it']
      : ['error', 'Throw an error with less in its properties'];
  return new TaskResultError(path, `of ${size} bytes`, { task }, tooLarge(maxSize, advice));
}

function packResult(value: unknown, task: string): [Kind, string] {
  try {
    return [Kind.Resolved, pack(value)];
  } catch (refusal) {
    const { path, description } = describeRefusal(value, 'result', refusal, pack);
    const cause = causeOf(refusal);
    return packError(new TaskResultError(path, description, { task, cause }));
  }
}

function packError(error: unknown): [Kind, string] {
  try {
    const kind = isFuturesException(error) ? Kind.Refused : Kind.Failed;
    return [kind, pack(describeError(error))];
  } catch {
    // One of its properties can't leave the process, but its text can.
    return [Kind.Failed, pack(describeError(new Error(messageOf(error))))];
  }
}
