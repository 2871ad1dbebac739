import { FutureTimeoutError } from '../../errors/index.js';
import { Form, type Packed, isPostedAsIs } from '../../wire/codec.js';
import { type Call, type Outcome, PRIORITIES, notStarted } from '../executor.js';
import type { CallHistory } from './history.js';

/**
 * The calls that were handed to the executor together.
 *
 * @internal
 */
export class Batch {
  /** In the order of the calls. */
  readonly jobs: readonly Job[];
  readonly #outcomes: Outcome[];
  readonly #history: CallHistory;
  readonly #resolve: (outcomes: Outcome[]) => void;
  #open: number;

  /**
   * @param queuedAt ms on the monotonic clock
   * @param owner whose share the calls belong to that name none
   * @param resolve gets the outcomes in the order of the calls, when all jobs are settled
   */
  constructor(
    calls: readonly Call[],
    readonly queuedAt: number,
    owner: object | undefined,
    history: CallHistory,
    resolve: (outcomes: Outcome[]) => void,
  ) {
    this.#outcomes = new Array<Outcome>(calls.length);
    this.#history = history;
    this.#resolve = resolve;
    this.#open = calls.length;
    this.jobs = calls.map(
      (call, i) => new Job(call, history.estimate(call), this, owner ?? this, i),
    );
  }

  settle(index: number, call: Call, outcome: Outcome): void {
    this.#outcomes[index] = outcome;
    this.#history.record(call, outcome);
    if (--this.#open === 0) this.#resolve(this.#outcomes);
  }
}

/**
 * One call on its way through the scheduler.
 *
 * @internal
 */
export class Job {
  /** Its share takes turns with the others of its level. */
  readonly share: string | object;
  readonly level: number;
  /** When its value is of no use any more, in ms on the monotonic clock; Infinity: never. */
  readonly deadline: number;
  /** When it must have started, in ms on the monotonic clock; Infinity: whenever. */
  readonly startBy: number;
  settled = false;
  /** Whether it was taken back from a worker. */
  isReturned = false;
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
    owner: object,
    index: number,
  ) {
    this.#batch = batch;
    this.#index = index;
    this.share = call.share ?? owner;
    this.level = levelOf(call);
    const { queuedAt } = batch;
    this.deadline =
      call.deadline === undefined ? Infinity : queuedAt + call.deadline - performance.now();
    this.startBy = Math.min(this.deadline, queuedAt + (call.queueTimeout ?? Infinity));
  }

  /** When the executor got it, in ms on the monotonic clock. */
  get queuedAt(): number {
    return this.#batch.queuedAt;
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
    this.#batch.settle(this.#index, this.call, outcome);
  }
}

/** 0 for the calls that start first. @internal */
export function levelOf({ priority = 'normal' }: Call): number {
  return PRIORITIES.indexOf(priority);
}

/** The outcome of a job that was not started in time. @internal */
export function waitedTooLong({ call, queuedAt, deadline, startBy }: Job): Outcome {
  const { key, task, queueTimeout = 0 } = call;
  const isDeadline = startBy === deadline;
  const limit = isDeadline ? Math.max(0, Math.round(deadline - queuedAt)) : queueTimeout;
  const phase = isDeadline ? 'deadline' : 'queue';
  return notStarted(new FutureTimeoutError(phase, limit, { key, task: task.id }), limit);
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
