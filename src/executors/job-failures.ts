import { BrokenExecutorError, FutureTimeoutError } from '../errors/index.js';
import { Form } from '../wire/codec.js';
import { messageOf } from '../worker/uncloneable.js';
import type { Job } from './job.js';
import { notStarted, type Outcome } from './executor.js';

/** How many workers may die under a call until that is held against it. */
const MAX_DEATHS = 3;
/** How many may die before they start a call: not its fault, so only that it ends where none can start. */
const MAX_FALSE_STARTS = 30;

/**
 * Of jobs whose worker died, those that may run again; the others fail.
 *
 * @param hasStarted whether it died while it ran them
 * @internal
 */
export function rerunnable(jobs: readonly Job[], hasStarted: boolean, cause: unknown): Job[] {
  return jobs.filter((job) => {
    const mayRunAgain = survivesDeath(job, hasStarted);
    if (!mayRunAgain) failBroken(job, cause);
    return mayRunAgain;
  });
}

/** Counts a death of its worker; returns whether the job may run again. */
function survivesDeath(job: Job, hasStarted: boolean): boolean {
  // What was moved to the worker is gone with it.
  const isWhole = (job.call.transferList ?? []).length === 0;
  if (!hasStarted) return ++job.falseStarts < maxFalseStarts(job) && isWhole;
  return ++job.deaths < MAX_DEATHS && isWhole && job.call.task.idempotent;
}

/** A worker that cannot read its message as a whole does not start it either. */
function maxFalseStarts({ packed }: Job): number {
  return packed?.[0] === Form.Value ? MAX_DEATHS : MAX_FALSE_STARTS;
}

/** Settles a job whose worker died. */
function failBroken(job: Job, cause: unknown): void {
  const { key, task } = job.call;
  const reason = messageOf(cause);
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
 * @param startedAt ms on the monotonic clock
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
    wait: Math.max(0, startedAt - queuedAt),
    run: limit,
  };
}
