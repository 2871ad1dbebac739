import { describeRefusal } from '../executors/kit.js';
import { type Call, TaskArgumentError } from '../index.js';
import { causeOf } from './log-text.js';
import { pack, sizeOf } from './payload.js';
import type { Seal } from './seal.js';
import type { TraceCarrier } from './trace-context.js';

/** One call in a job. */
export type JobCall = readonly [
  taskId: string,
  timeout: number,
  isIdempotent: boolean,
  packedArgs: string,
  /** Context of the trace that the call belongs to. */
  trace?: TraceCarrier | null,
  /** What the option `carry` gave, as JSON. */
  carried?: string,
];

/** The content of a job. Its calls may belong to several requests. */
export interface JobData {
  /** Name of the inbox of the process that waits for the outcomes. */
  readonly inbox: string;
  /** Random; outcomes must carry it, so that only a process that has seen the job can answer it. */
  readonly token: string;
  readonly calls: readonly JobCall[];
  /** When the oldest call was handed over: epoch time in ms, by Redis's clock. */
  readonly queuedAt: number;
  readonly queueTimeout?: number;
}

/** A job as BullMQ stores it: plain, or as signed text. */
export type StoredJob = JobData | { readonly sealed: string };

/** Prepares a job for storage: signed if there is a secret. */
export function storeJob(id: string, data: JobData, seal: Seal): StoredJob {
  return seal.isOn ? { sealed: seal.close(`job:${id}`, JSON.stringify(data)) } : data;
}

/** @throws TaskArgumentError if the arguments can't be cloned, or are too large */
export function toJobCall(call: Call, maxSize: number, trace: TraceCarrier | undefined): JobCall {
  const { task, timeout, carried } = call;
  const args = packArgs(call);
  const size = sizeOf(args);
  if (size <= maxSize) {
    const { id, idempotent } = task;
    if (carried !== undefined) return [id, timeout, idempotent, args, trace ?? null, carried];
    return trace === undefined
      ? [id, timeout, idempotent, args]
      : [id, timeout, idempotent, args, trace];
  }
  throw new TaskArgumentError(
    'args',
    `of ${size} bytes`,
    { key: call.key, task: task.id },
    tooLarge(maxSize, 'Send less, such as an id by which the task loads what it needs'),
  );
}

/** The error message for arguments or a result over the limit. */
export function tooLarge(maxSize: number, advice: string): string {
  return `more than the queue takes ("maxSize": ${maxSize}). ${advice}, or raise "maxSize" of the executor and of its workers.`;
}

function packArgs({ args, key, task }: Call): string {
  try {
    return pack(args);
  } catch (refusal) {
    const { path, description } = describeRefusal(args, 'args', refusal, pack);
    const cause = causeOf(refusal);
    throw new TaskArgumentError(path, description, { key, task: task.id, cause });
  }
}
