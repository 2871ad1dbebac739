import { DrainWaiters } from '../executors/drain-waiters.js';
import { DurationEstimates } from '../executors/duration-estimates.js';
import type { Call, Outcome } from '../executors/executor.js';
import { fromMessage, type OutcomeMessage } from './outcome-message.js';
import type { JobCall, JobData } from './job-data.js';

/** A call that waits for its outcome. */
export interface OpenCall {
  readonly call: Call;
  readonly wire: JobCall;
  /** What it is expected to run, in ms; Infinity: unknown. */
  readonly estimate: number;
  /** When it was handed over, by `performance.now()`. */
  readonly openedAt: number;
  /** Settles it; later calls do nothing. */
  readonly settle: (outcome: Outcome, isAnswer?: boolean) => void;
  isSettled: boolean;
  /** Undefined until it is sent. */
  job: OpenJob | undefined;
}

/** A job of this process that has calls without an outcome. */
export interface OpenJob {
  readonly id: string;
  readonly calls: readonly OpenCall[];
  readonly queueTimeout: number | undefined;
  /** When it was made, by `performance.now()`. */
  readonly madeAt: number;
  /** When it was given to Redis, by `performance.now()`; undefined: not yet. */
  sentAt: number | undefined;
  /** Calls without an outcome. */
  open: number;
  /** Whether nobody waits for it any more, though it was not answered. */
  isDropped: boolean;
  /** Whether a worker was seen to have it. */
  isRunning: boolean;
  /** Since when its worker has not been heard of, by `performance.now()`. */
  stalledSince: number | undefined;
  queueTimer: NodeJS.Timeout | undefined;
}

/** Expected run of the calls of one job, in ms: what pays for the way through Redis. */
const MAX_RUN = 4;
/** Size of one job, in characters, from which it takes no more calls. */
const MAX_LENGTH = 1_000_000;

/**
 * The calls of this process that have no outcome yet, and the jobs they are sent in.
 *
 * @internal
 */
export class OpenJobs {
  readonly #owner: string;
  readonly #byId = new Map<string, OpenJob>();
  readonly #estimates = new DurationEstimates();
  readonly #waiters = new DrainWaiters();
  #lastId = 0;
  #open = 0;

  /** @param owner name of this process's inbox: job ids begin with it */
  constructor(owner: string) {
    this.#owner = owner;
  }

  /** Calls without an outcome. */
  get open(): number {
    return this.#open;
  }

  /** Calls among them that workers were seen to have. */
  get running(): number {
    let running = 0;
    for (const job of this.#byId.values()) if (job.isRunning) running += job.open;
    return running;
  }

  values(): OpenJob[] {
    return [...this.#byId.values()];
  }

  has(job: OpenJob): boolean {
    return this.#byId.has(job.id);
  }

  add(call: Call, wire: JobCall, onOutcome: (outcome: Outcome) => void): OpenCall {
    this.#open++;
    const open: OpenCall = {
      call,
      wire,
      estimate: this.#estimates.of(call),
      openedAt: performance.now(),
      isSettled: false,
      job: undefined,
      settle: (outcome, isAnswer = false) => {
        if (open.isSettled) return;
        open.isSettled = true;
        onOutcome(outcome);
        if (open.job !== undefined) this.#closeCall(open.job, isAnswer);
        this.#open--;
        this.#waiters.check();
      },
    };
    return open;
  }

  /** Makes jobs of calls: short ones share one, long and unknown ones go alone, for the fleet to share. */
  plan(calls: readonly OpenCall[]): OpenJob[] {
    const groups: OpenCall[][] = [];
    let [run, length] = [0, 0];
    for (const each of calls.toSorted(byQueueTimeout)) {
      const group = groups.at(-1);
      run += each.estimate;
      length += each.wire[3].length;
      const isAlike = group?.[0]?.call.queueTimeout === each.call.queueTimeout;
      if (group !== undefined && isAlike && run <= MAX_RUN && length <= MAX_LENGTH) {
        group.push(each);
      } else {
        groups.push([each]);
        [run, length] = [each.estimate, each.wire[3].length];
      }
    }
    return groups.map((group) => this.#createJob(group));
  }

  /** Takes what a worker has answered; what nobody waits for any more is dropped. */
  answer(id: string, outcomes: readonly OutcomeMessage[]): void {
    const job = this.#byId.get(id);
    if (job === undefined) return;
    for (const message of outcomes) {
      const [index, , , , run] = message;
      const open = job.calls[index];
      if (open === undefined || open.isSettled) continue;
      const { call, openedAt } = open;
      // One that was not run says nothing of the task.
      if (run > 0) this.#estimates.record(call, run);
      open.settle(fromMessage(message, call, performance.now() - openedAt), true);
    }
  }

  /** Gives up what is open of a job, with what `outcome` has for each call; if nothing, it stays. */
  giveUp(job: OpenJob, outcome: (call: Call) => Outcome | undefined): void {
    for (const open of job.calls) {
      const ended = open.isSettled ? undefined : outcome(open.call);
      if (ended !== undefined) open.settle(ended);
    }
  }

  /** Resolves when no call is open, or after `timeout` ms. */
  drained(timeout: number): Promise<void> {
    return this.#waiters.wait(timeout, () => this.#open === 0);
  }

  #createJob(calls: readonly OpenCall[]): OpenJob {
    const job: OpenJob = {
      id: `${this.#owner}-${++this.#lastId}`,
      calls,
      queueTimeout: calls[0]?.call.queueTimeout,
      madeAt: performance.now(),
      sentAt: undefined,
      open: calls.length,
      isDropped: false,
      isRunning: false,
      stalledSince: undefined,
      queueTimer: undefined,
    };
    for (const open of calls) open.job = job;
    this.#byId.set(job.id, job);
    return job;
  }

  #closeCall(job: OpenJob, isAnswer: boolean): void {
    if (--job.open > 0) return;
    job.isDropped = !isAnswer;
    clearTimeout(job.queueTimer);
    this.#byId.delete(job.id);
  }
}

/** What the worker is told of a job. */
export function toJobData(
  { calls, queueTimeout }: OpenJob,
  common: Pick<JobData, 'inbox' | 'queuedAt'>,
): JobData {
  const data = { ...common, calls: calls.map(({ wire }) => wire) };
  return queueTimeout === undefined ? data : { ...data, queueTimeout };
}

function byQueueTimeout({ call: a }: OpenCall, { call: b }: OpenCall): number {
  const forEver = Number.MAX_SAFE_INTEGER;
  return (a.queueTimeout ?? forEver) - (b.queueTimeout ?? forEver);
}
