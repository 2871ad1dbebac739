import { TaskResultError, UnknownTaskError } from '../errors/index.js';
import type { ErrorRecord } from '../worker/error-record.js';
import { reviveError } from '../tasks/error-transport.js';
import type { Uncloneable } from '../worker/uncloneable.js';
import {
  WireStatus,
  type OutcomeMessage,
  type WireCall,
  type WireTask,
} from '../worker/worker-protocol.js';
import type { TaskReference } from '../tasks/task.js';
import type { Job } from './job.js';
import type { Outcome } from './executor.js';

/** What a message says of its calls. @internal */
export function toWireCalls(jobs: readonly Job[]): WireCall[] {
  const tasks = new Map<TaskReference, WireTask>();
  return jobs.map(({ call: { task, args } }) => {
    let named = tasks.get(task);
    if (named === undefined) tasks.set(task, (named = [task.url ?? '', task.exportName ?? '']));
    return [named, args];
  });
}

/**
 * Makes an outcome of what a worker sent back.
 *
 * @internal
 */
export function toOutcome(
  [, , , status, payload, startedAt, run]: OutcomeMessage,
  job: Job,
  worker: string,
): Outcome {
  if (status === WireStatus.Resolved) return resolved(payload, startedAt, run, job, worker);
  return {
    status: 'failed',
    value: toError(status, payload, job.call),
    worker,
    wait: Math.max(0, startedAt - job.queuedAt),
    run,
  };
}

/**
 * The outcome of a call that came to a value.
 *
 * @param startedAt epoch time in ms
 * @param run in ms
 * @internal
 */
export function resolved(
  value: unknown,
  startedAt: number,
  run: number,
  { queuedAt }: Job,
  worker: string,
): Outcome {
  return { status: 'resolved', value, worker, wait: Math.max(0, startedAt - queuedAt), run };
}

function toError(status: WireStatus, payload: unknown, { key, task }: Job['call']): unknown {
  switch (status) {
    case WireStatus.UncloneableResult: {
      const { path, description } = payload as Uncloneable;
      return new TaskResultError(path, description, { key, task: task.id });
    }
    case WireStatus.UnknownTask: {
      const { message, cause } = payload as { message: string; cause: ErrorRecord | undefined };
      return new UnknownTaskError(message, {
        key,
        task: task.id,
        cause: cause === undefined ? undefined : reviveError(cause),
      });
    }
    default:
      return reviveError(payload as ErrorRecord);
  }
}
