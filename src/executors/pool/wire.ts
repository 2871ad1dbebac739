import {
  BrokenExecutorError,
  TaskArgumentError,
  TaskResultError,
  UnknownTaskError,
} from '../../errors/index.js';
import {
  Form,
  TooLarge,
  isPacked,
  isBareList,
  isReadAnew,
  pack,
  unpack,
  type Packed,
} from '../../wire/codec.js';
import { holdsPlatformObject } from '../../wire/platform-objects.js';
import type { ErrorRecord } from '../../wire/error-record.js';
import { reviveError } from '../../wire/revive-error.js';
import {
  describeRefusal,
  findUncloneable,
  messageOf,
  type Uncloneable,
} from '../../wire/uncloneable.js';
import {
  WireStatus,
  type PostedOutcome,
  type WireCall,
  type WireTask,
} from '../../wire/protocol.js';
import type { TaskReference } from '../../tasks/task.js';
import type { ByteLimits } from '../pool-options.js';
import type { Job } from './job.js';
import {
  MAX_JSON,
  RepeatableOutcome,
  notStarted,
  type Outcome,
  type PackedCall,
} from '../executor.js';

/**
 * Packs a job's arguments, once.
 *
 * @returns the outcome of a job whose arguments cannot be sent
 * @internal
 */
export function packArguments(job: Job, canShare: boolean, limit: number): Outcome | undefined {
  const { args, transferList, packed: known } = job.call as PackedCall;
  try {
    if (job.packed !== undefined || (job.isBare ||= isBareList(args, limit))) return undefined;
    const maxJson = Math.min(MAX_JSON, limit);
    job.packed =
      (maxJson === MAX_JSON ? known : undefined) ??
      pack(args, { maxBytes: limit, maxJson, canShare, transferList });
    return undefined;
  } catch (error) {
    return refusedArguments(job, error, canShare);
  }
}

/** The outcome of a job whose arguments were refused. */
export function refusedArguments(
  { call: { args, transferList = [], key, task } }: Job,
  refusal: unknown,
  canShare: boolean,
): Outcome {
  const options = { key, task: task.id, cause: refusal };
  if (TooLarge.is(refusal)) {
    const { size, limit } = refusal;
    const reason = `more than "maxArgumentBytes" (${limit}). Send less, such as an id by which the task loads what it needs, or raise that option.`;
    return notStarted(new TaskArgumentError('args', `of ${size} bytes`, options, reason));
  }
  const { path, description } = describeArguments(args, transferList, refusal, canShare);
  return notStarted(new TaskArgumentError(path, description, options));
}

function describeArguments(
  args: readonly unknown[],
  transferList: readonly unknown[],
  refusal: unknown,
  canShare: boolean,
): Uncloneable {
  const copy = canShare ? undefined : leaveProcess;
  if (transferList.length === 0) return describeRefusal(args, 'args', refusal, copy);
  // A job with a transfer list is sent alone, so its arguments or that list must be at fault.
  const description = `a list that cannot be moved (${messageOf(refusal)})`;
  return findUncloneable(args, 'args', copy) ?? { path: 'transferList', description };
}

/** Throws if a value cannot leave the process, and come back. */
function leaveProcess(value: unknown): unknown {
  return unpack(pack(value, { maxBytes: Infinity, maxJson: 0, canShare: false }));
}

/**
 * Packs a job's arguments again, for structured clone, if its worker could not read them and they
 * hold a platform object. Returns whether it did, so that the job is sent again.
 *
 * @internal
 */
export function isSentAgain(job: Job): boolean {
  const { args, transferList = [] } = job.call;
  if (job.packed?.[0] !== Form.Bytes || transferList.length > 0) return false;
  if (!holdsPlatformObject(args)) return false;
  job.packed = [Form.Value, args];
  return true;
}

/** The calls of a message. Calls of one task share the object that names it. @internal */
export function toWireCalls(jobs: readonly Job[]): WireCall[] {
  const calls: WireCall[] = [];
  let last: TaskReference | undefined;
  let named: WireTask = NO_TASK;
  let known: Map<TaskReference, WireTask> | undefined;
  for (const { call, isBare, packed } of jobs) {
    const { task } = call;
    if (task !== last) {
      // Most messages carry calls of one task, and need no map.
      if (last !== undefined) (known ??= new Map<TaskReference, WireTask>()).set(last, named);
      named = known?.get(task) ?? [task.url ?? '', task.exportName ?? ''];
      last = task;
    }
    const { args, carried } = call;
    if (carried !== undefined) calls.push([named, isBare ? args : undefined, packed, carried]);
    else calls.push(isBare ? [named, args] : [named, undefined, packed]);
  }
  return calls;
}

const NO_TASK: WireTask = ['', ''];

/** Checks what a worker has posted; undefined: it broke the protocol. @internal */
export function readPosted(message: unknown): PostedOutcome | undefined {
  if (!Array.isArray(message)) return undefined;
  const [id, index, status, payload, startedAt, run] = message as unknown[];
  if (!Number.isSafeInteger(id) || !Number.isSafeInteger(index)) return undefined;
  if (typeof status !== 'number' || WireStatus[status] === undefined) return undefined;
  if (!isPacked(payload) || !Number.isFinite(startedAt) || !Number.isFinite(run)) return undefined;
  return message as unknown as PostedOutcome;
}

/** Where and when a worker ran a job. Times are ms on the monotonic clock. */
export interface Ran {
  readonly worker: string;
  /** As the worker reports it. */
  readonly startedAt: number;
  /** How long it ran, as the worker reports it. */
  readonly run: number;
  /** When its result was taken. */
  readonly now: number;
}

/** The outcome of a job that a worker has run. @internal */
export function outcomeOf(
  { queuedAt }: Job,
  status: Outcome['status'],
  value: unknown,
  { worker, startedAt, run, now }: Ran,
): Outcome {
  // Times from a worker aren't trusted: they are limited to the time since the job was queued.
  const sinceQueued = Math.max(0, now - queuedAt);
  const wait = clamp(startedAt - queuedAt, sinceQueued);
  return { status, value, worker, wait, run: clamp(run, sinceQueued) };
}

/** The outcome of a job, made from the result that a worker returned. @internal */
export function toOutcome(
  job: Job,
  status: WireStatus,
  packed: Packed,
  ran: Ran,
  limits: ByteLimits,
): Outcome {
  const { call } = job;
  try {
    if (status === WireStatus.Resolved) {
      const outcome = outcomeOf(job, 'resolved', unpack(packed), ran);
      return isReadAnew(packed) ? new RepeatableOutcome(outcome, packed) : outcome;
    }
    const read = () => toError(status, unpack(packed), call, limits);
    const outcome = outcomeOf(job, 'failed', read(), ran);
    return isReadAnew(packed) ? new RepeatableOutcome(outcome, read) : outcome;
  } catch (cause) {
    return outcomeOf(job, 'failed', unreadable(call, status, cause), ran);
  }
}

function clamp(ms: number, max: number): number {
  return Math.min(Math.max(0, ms), max);
}

/** The error of a call whose result arrived but cannot be read here. @internal */
export function unreadable(
  { key, task }: Job['call'],
  status = WireStatus.Resolved,
  cause?: unknown,
): TaskResultError {
  const isDeep = (cause as Partial<Error> | undefined)?.name === 'RangeError';
  return new TaskResultError(
    status === WireStatus.Resolved ? 'result' : 'error',
    isDeep ? 'nested too deeply' : 'a value',
    { key, task: task.id, cause },
    `${isDeep ? 'so it' : 'which'} cannot be read on the event loop. Return plain data that is less deep, and no error that is its own cause.`,
  );
}

function toError(
  status: WireStatus,
  payload: unknown,
  { key, task, args }: Job['call'],
  { maxResultBytes }: ByteLimits,
): unknown {
  const options = { key, task: task.id };
  switch (status) {
    case WireStatus.UncloneableResult: {
      const { path, description } = payload as Uncloneable;
      return new TaskResultError(path, description, options);
    }
    case WireStatus.TooLargeResult: {
      const reason = `more than "maxResultBytes" (${maxResultBytes}). Return less, such as an id under which the task has stored it, or raise that option.`;
      return new TaskResultError('result', `of ${Number(payload)} bytes`, options, reason);
    }
    case WireStatus.UnreadableArguments: {
      const culprit = findUncloneable(args, 'args', leaveProcess);
      const description = culprit?.description ?? `a value (${messageOf(payload)})`;
      const reason =
        'which the worker cannot read. Pass plain data, and no error that is its own cause.';
      return new TaskArgumentError(culprit?.path ?? 'args', description, options, reason);
    }
    case WireStatus.UnknownTask: {
      const { message, cause } = payload as { message: string; cause: ErrorRecord | undefined };
      return new UnknownTaskError(message, {
        ...options,
        cause: cause === undefined ? undefined : reviveError(cause),
      });
    }
    default:
      return reviveError(payload as ErrorRecord);
  }
}

/** The error of a call whose result was never posted, though its worker is done. @internal */
export function lost({ key, task }: Job['call']): BrokenExecutorError {
  return new BrokenExecutorError(
    `The worker gave no result for the task ${task.id}, though it is done. See whether the task changes how its worker sends messages.`,
    { key, task: task.id },
  );
}
