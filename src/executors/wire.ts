import { TaskResultError, UnknownTaskError } from '../errors/index.js';
import type { ErrorRecord } from '../worker/error-record.js';
import { reviveError } from '../tasks/error-transport.js';
import type { Uncloneable } from '../worker/uncloneable.js';
import { WireStatus, type WireCall, type WireTask } from '../worker/worker-protocol.js';
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
 * Makes an outcome of what a worker gave back.
 *
 * @param startedAt epoch time in ms
 * @param run in ms
 * @internal
 */
export function toOutcome(
  { call, queuedAt }: Job,
  worker: string,
  status: WireStatus,
  payload: unknown,
  startedAt: number,
  run: number,
): Outcome {
  const isResolved = status === WireStatus.Resolved;
  return {
    status: isResolved ? 'resolved' : 'failed',
    value: isResolved ? payload : toError(status, payload, call),
    worker,
    wait: Math.max(0, startedAt - queuedAt),
    run,
  };
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
