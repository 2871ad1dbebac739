import { TaskArgumentError } from '../errors/index.js';
import type { Call } from '../executors/executor.js';
import { findUncloneable } from '../worker/uncloneable.js';
import { pack, sizeOf } from './payload.js';
import type { TraceCarrier } from './trace-context.js';

/** One call in a job. */
export type JobCall = readonly [
  taskId: string,
  timeout: number,
  isIdempotent: boolean,
  packedArgs: string,
  /** The trace it belongs to. */
  trace?: TraceCarrier,
];

/** What a job says to the worker that takes it. Its calls may be of several requests. */
export interface JobData {
  /** The inbox of the process that waits for the outcomes. */
  readonly inbox: string;
  readonly calls: readonly JobCall[];
  /** Epoch time in ms, by Redis's clock. */
  readonly queuedAt: number;
  readonly queueTimeout?: number;
}

/** @throws TaskArgumentError if the arguments cannot be cloned, or are too large */
export function toJobCall(call: Call, maxSize: number, trace: TraceCarrier | undefined): JobCall {
  const { task, timeout } = call;
  const args = packArgs(call);
  const size = sizeOf(args);
  if (size <= maxSize) {
    const { id, idempotent } = task;
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

/** What there is to say of arguments, or a result, over the limit. */
export function tooLarge(maxSize: number, advice: string): string {
  return `more than the queue takes ("maxSize": ${maxSize}). ${advice}, or raise "maxSize" of the executor and of its workers.`;
}

function packArgs({ args, key, task }: Call): string {
  try {
    return pack(args);
  } catch (cause) {
    const culprit = findUncloneable(args, 'args') ?? {
      path: 'args',
      // Structured clone within a process takes some values that cannot leave it.
      description: `something that cannot leave the process (${(cause as Error).message})`,
    };
    throw new TaskArgumentError(culprit.path, culprit.description, { key, task: task.id, cause });
  }
}
