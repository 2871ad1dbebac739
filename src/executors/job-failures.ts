import { BrokenExecutorError, TaskArgumentError } from '../errors/index.js';
import { findUncloneable, type Uncloneable } from '../tasks/uncloneable.js';
import type { Job } from './job.js';
import { notStarted } from './executor.js';

/** How many workers may die under a call, or before they start it, until it is held against it. */
const MAX_DEATHS = 3;

/** Counts a death of its worker; returns whether the job may run again. */
export function survivesDeath(job: Job, hasStarted: boolean): boolean {
  job.deaths++;
  // What was moved to the worker is gone with it.
  const isWhole = (job.call.transferList ?? []).length === 0;
  return isWhole && job.deaths < MAX_DEATHS && (!hasStarted || job.call.task.idempotent);
}

/** Settles a job whose worker died. */
export function failBroken(job: Job, cause: unknown): void {
  const { key, task } = job.call;
  const error = new BrokenExecutorError(
    `The worker died under the task ${task.id}: ${cause instanceof Error ? cause.message : String(cause)}. ` +
      `See what in the task ends its worker; if it may be run twice, say so with taskFile(url, { idempotent: true }).`,
    { key, task: task.id, cause },
  );
  job.settle(notStarted(error));
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
