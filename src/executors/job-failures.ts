import { BrokenExecutorError, FutureTimeoutError, TaskArgumentError } from '../errors/index.js';
import { findUncloneable, type Uncloneable } from '../worker/uncloneable.js';
import type { Job } from './job.js';
import { notStarted, type Outcome } from './executor.js';

/** How many workers may die under a call until that is held against it. */
const MAX_DEATHS = 3;
/** How many may die before they start a call: not its fault, so only that it ends where none can start. */
const MAX_FALSE_STARTS = 30;

/** Counts a death of its worker; returns whether the job may run again. */
export function survivesDeath(job: Job, hasStarted: boolean): boolean {
  // What was moved to the worker is gone with it.
  const isWhole = (job.call.transferList ?? []).length === 0;
  if (!hasStarted) return ++job.falseStarts < MAX_FALSE_STARTS && isWhole;
  return ++job.deaths < MAX_DEATHS && isWhole && job.call.task.idempotent;
}

/** Settles a job whose worker died. */
export function failBroken(job: Job, cause: unknown): void {
  const { key, task } = job.call;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message =
    job.deaths > 0
      ? `The worker died under the task ${task.id}: ${reason}. ` +
        `See what in the task ends its worker; if it may be run twice, say so with taskFile(url, { idempotent: true }).`
      : `The worker died before it had started the task ${task.id}: ${reason}. ` +
        `See whether workers have memory enough to start ("resourceLimits").`;
  job.settle(notStarted(new BrokenExecutorError(message, { key, task: task.id, cause })));
}

/**
 * The outcome of a job that has run for longer than it may.
 *
 * @param limit ms
 * @param startedAt epoch time in ms
 */
export function outOfTime(
  { call, queuedAt }: Job,
  limit: number,
  startedAt: number,
  worker: string,
): Outcome {
  const { key, task } = call;
  return {
    status: 'failed',
    value: new FutureTimeoutError('run', limit, { key, task: task.id }),
    worker,
    wait: startedAt - queuedAt,
    run: limit,
  };
}

/** Settles the jobs of a message that was refused because they cannot be cloned; returns the others. */
export function refuseUncloneable(jobs: readonly Job[], refusal: unknown): Job[] {
  return jobs.filter((job) => {
    const { call } = job;
    const culprit = findUnsendable(call, refusal as Error);
    if (culprit === undefined) return true;
    const options = { key: call.key, task: call.task.id, cause: refusal };
    job.settle(notStarted(new TaskArgumentError(culprit.path, culprit.description, options)));
    return false;
  });
}

function findUnsendable(
  { args, transferList = [] }: Job['call'],
  { name, message }: Error,
): Uncloneable | undefined {
  if (transferList.length === 0) return findUncloneable(args, 'args');
  // It was sent alone: if it was refused, it is at fault; if not, its arguments are gone by now.
  if (name !== 'DataCloneError') return undefined;
  return (
    findUncloneable(args, 'args') ?? {
      path: 'transferList',
      description: `a list that cannot be moved (${message})`,
    }
  );
}
