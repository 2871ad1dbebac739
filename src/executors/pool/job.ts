import { BrokenExecutorError, FutureTimeoutError } from '../../errors/index.js';
import { Form, type Packed, isPostedAsIs } from '../../wire/codec.js';
import { messageOf } from '../../wire/uncloneable.js';
import { type Call, type Outcome, notStarted } from '../executor.js';

/** What the jobs of all batches of one scheduler share. */
export interface JobKeeper {
  /** How long a call is expected to run, in ms; Infinity: unknown. */
  estimate(call: Call): number;
  settled(outcome: Outcome): void;
}

/**
 * The calls that were handed to the executor together.
 *
 * @internal
 */
export class Batch {
  readonly jobs: readonly Job[];
  readonly #outcomes: Outcome[];
  readonly #keeper: JobKeeper;
  readonly #ended: (outcomes: Outcome[]) => void;
  #open: number;

  /**
   * @param queuedAt ms on the monotonic clock
   * @param ended called once, when all jobs are settled
   */
  constructor(
    calls: readonly Call[],
    readonly queuedAt: number,
    keeper: JobKeeper,
    ended: (outcomes: Outcome[]) => void,
  ) {
    this.#outcomes = new Array<Outcome>(calls.length);
    this.#keeper = keeper;
    this.#ended = ended;
    this.#open = calls.length;
    this.jobs = calls.map((call, i) => new Job(call, keeper.estimate(call), this, i));
  }

  settle(index: number, outcome: Outcome): void {
    this.#outcomes[index] = outcome;
    this.#keeper.settled(outcome);
    if (--this.#open === 0) this.#ended(this.#outcomes);
  }
}

/**
 * One call on its way through the scheduler.
 *
 * @internal
 */
export class Job {
  settled = false;
  /** Whether it waits in the queue now. */
  queued = false;
  /** How often a worker died while running the job. */
  deaths = 0;
  /** How often a worker died before it started the job. */
  falseStarts = 0;
  /** The packed arguments; undefined: they are not packed yet, or bare. */
  packed: Packed | undefined = undefined;
  /** Whether its arguments are primitive values, which are sent as they are. */
  isBare = false;
  /** Whether a message that held other jobs too was refused: this job may be the cause. */
  isSuspect = false;
  readonly #batch: Batch;
  readonly #index: number;

  constructor(
    readonly call: Call,
    /** How long it is expected to run, in ms; Infinity: unknown. */
    readonly estimate: number,
    batch: Batch,
    index: number,
  ) {
    this.#batch = batch;
    this.#index = index;
  }

  /** When the executor got it, in ms on the monotonic clock. */
  get queuedAt(): number {
    return this.#batch.queuedAt;
  }

  /** When its time in the queue is up, in ms on the monotonic clock; Infinity: never. */
  get deadline(): number {
    return this.queuedAt + (this.call.queueTimeout ?? Infinity);
  }

  /** Whether it needs a message of its own, so that it fails alone if the message is refused. */
  get isAlone(): boolean {
    const { call, packed } = this;
    if (this.isSuspect || (call.transferList?.length ?? 0) > 0) return true;
    return packed !== undefined && isPostedAsIs(packed);
  }

  /** The job goes back to the queue: memory that moved with its message must be packed again. */
  unpack(): void {
    if (this.packed?.[0] === Form.Bytes) this.packed = undefined;
  }

  /** Settles the job; only the first call counts. */
  settle(outcome: Outcome): void {
    if (this.settled) return;
    this.settled = true;
    this.#batch.settle(this.#index, outcome);
  }
}

/** An idempotent call fails when this many workers have died while running it. */
const MAX_DEATHS = 3;
/** The same, before they started it: not its fault, but it must end if no worker can start. */
const MAX_FALSE_STARTS = 30;

/**
 * Returns the jobs of a dead worker that may run again; the others fail.
 *
 * @param hasStarted whether the worker died while it ran them
 * @internal
 */
export function rerunnable(jobs: readonly Job[], hasStarted: boolean, cause: unknown): Job[] {
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

/**
 * The outcome of a job that has timed out.
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
