import { BrokenExecutorError } from '../../errors/index.js';
import { Form } from '../../wire/codec.js';
import { messageOf } from '../../wire/uncloneable.js';
import { notStarted } from '../executor.js';
import type { Job } from './job.js';
import type { Message } from './message.js';
import { refusedArguments } from './wire.js';
import { RefusedMessage } from './workers.js';

/** An idempotent call fails when this many workers have died while running it. */
const MAX_DEATHS = 3;
/** The same, before they started it: not its fault, but it must end if no worker can start. */
const MAX_FALSE_STARTS = 30;

/**
 * Settles the jobs of a message whose worker died, or that could not be sent, if they may not run
 * again.
 *
 * @param error why the worker died, or a `RefusedMessage`
 * @returns the jobs to run again
 * @internal
 */
export function rescue(message: Message, error: unknown, canShare: boolean): readonly Job[] {
  const unstarted = message.takeBack();
  message.collect();
  if (message.claimed > 0) return [...rerunnable(message.open, true, error), ...unstarted];
  if (!(error instanceof RefusedMessage)) return rerunnable(unstarted, false, error);
  const [first] = unstarted;
  if (unstarted.length === 1 && first !== undefined) {
    first.settle(refusedArguments(first, error.cause, canShare));
    return [];
  }
  // One of them is at fault, so each gets a message of its own.
  for (const job of unstarted) job.isSuspect = true;
  return unstarted;
}

/**
 * Returns the jobs of a dead worker that may run again; the others fail.
 *
 * @param hasStarted whether the worker died while it ran them
 */
function rerunnable(jobs: readonly Job[], hasStarted: boolean, cause: unknown): Job[] {
  return jobs.filter((job) => {
    const mayRunAgain = survivesDeath(job, hasStarted);
    if (!mayRunAgain) failBroken(job, cause);
    return mayRunAgain;
  });
}

/** Counts a death of the job's worker; returns whether the job may run again. */
function survivesDeath(job: Job, hasStarted: boolean): boolean {
  // Arguments that were moved to the worker are lost with it.
  const isWhole = (job.call.transferList ?? []).length === 0;
  if (!hasStarted) return ++job.falseStarts < maxFalseStarts(job) && isWhole;
  return ++job.deaths < MAX_DEATHS && isWhole && job.call.task.idempotent;
}

/** A worker that cannot read its message as a whole doesn't start it: the job may be the cause. */
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
