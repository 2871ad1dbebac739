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
  /** Settles it; later calls do nothing. */
  readonly settle: (outcome: Outcome) => void;
  settled: boolean;
}

/** A job of this process that has calls without an outcome. */
export interface OpenJob {
  readonly id: string;
  readonly calls: readonly OpenCall[];
  readonly queueTimeout: number | undefined;
  /** When it was handed over, by `performance.now()`. */
  readonly addedAt: number;
  /** Whether a worker was seen to have it. */
  isRunning: boolean;
  /** Whether nobody waits for it any more: its client has gone, or its time is over. */
  isDropped: boolean;
  /** Since when its worker has not been heard of, by `performance.now()`. */
  stalledSince: number | undefined;
  queueTimer: NodeJS.Timeout | undefined;
}

/** Expected run of the calls of one job, in ms: what pays for the way through Redis. */
const MAX_RUN = 4;
/** Size of one job, in characters, from which it takes no more calls. */
const MAX_LENGTH = 1_000_000;

/**
 * The jobs of this process that workers have not answered yet.
 *
 * @internal
 */
export class OpenJobs {
  readonly #owner: string;
  readonly #byId = new Map<string, OpenJob>();
  readonly #estimates = new DurationEstimates();
  readonly #waiting = new Set<() => void>();
  #lastId = 0;

  /** @param owner name of this process's inbox: job ids begin with it */
  constructor(owner: string) {
    this.#owner = owner;
  }

  get size(): number {
    return this.#byId.size;
  }

  values(): OpenJob[] {
    return [...this.#byId.values()];
  }

  estimate(taskId: string): number {
    return this.#estimates.of(taskId);
  }

  /** Makes jobs of calls: short ones share one, long and unknown ones go alone, for the fleet to share. */
  plan(calls: readonly OpenCall[]): OpenJob[] {
    const jobs: OpenCall[][] = [];
    let [run, length] = [Infinity, 0];
    for (const each of calls.toSorted(byQueueTimeout)) {
      run += each.estimate;
      length += each.wire[3].length;
      const current = jobs.at(-1);
      const isSame = current?.[0]?.call.queueTimeout === each.call.queueTimeout;
      if (current !== undefined && isSame && run <= MAX_RUN && length <= MAX_LENGTH) {
        current.push(each);
      } else {
        jobs.push([each]);
        [run, length] = [each.estimate, each.wire[3].length];
      }
    }
    const addedAt = performance.now();
    return jobs.map((each) => ({
      id: `${this.#owner}-${++this.#lastId}`,
      calls: each,
      queueTimeout: each[0]?.call.queueTimeout,
      addedAt,
      isRunning: false,
      isDropped: false,
      stalledSince: undefined,
      queueTimer: undefined,
    }));
  }

  add(job: OpenJob): void {
    this.#byId.set(job.id, job);
  }

  has(job: OpenJob): boolean {
    return this.#byId.has(job.id);
  }

  /** Takes what a worker has answered; what nobody waits for any more is dropped. */
  answer(id: string, outcomes: readonly OutcomeMessage[]): void {
    const job = this.#byId.get(id);
    if (job === undefined) return;
    const elapsed = performance.now() - job.addedAt;
    for (const message of outcomes) {
      const open = job.calls[message[0]];
      if (open === undefined || open.settled) continue;
      // One that was not run says nothing of the task.
      if (message[4] > 0) this.#estimates.record(open.call.task.id, message[4]);
      open.settle(fromMessage(message, open.call, elapsed));
    }
    this.#closeIfSettled(job);
  }

  /** Gives up what is open of a job, with what `outcome` has for each call; if nothing, it stays. */
  settle(job: OpenJob, outcome: (call: Call) => Outcome | undefined): void {
    for (const open of job.calls) {
      const ended = open.settled ? undefined : outcome(open.call);
      if (ended !== undefined) open.settle(ended);
    }
    job.isDropped = job.calls.every(({ settled }) => settled);
    this.#closeIfSettled(job);
  }

  /** Resolves when no job is open, or after `timeout` ms. */
  async drained(timeout: number): Promise<void> {
    if (this.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeout);
      this.#waiting.add(resolve);
    });
    clearTimeout(timer);
  }

  #closeIfSettled(job: OpenJob): void {
    if (!job.calls.every(({ settled }) => settled)) return;
    clearTimeout(job.queueTimer);
    this.#byId.delete(job.id);
    if (this.size > 0) return;
    for (const resume of this.#waiting) resume();
    this.#waiting.clear();
  }
}

/** What the worker is told of a job. */
export function toJobData(
  { calls, queueTimeout }: OpenJob,
  common: Pick<JobData, 'inbox' | 'queuedAt' | 'trace'>,
): JobData {
  const data = { ...common, calls: calls.map(({ wire }) => wire) };
  return queueTimeout === undefined ? data : { ...data, queueTimeout };
}

function byQueueTimeout({ call: a }: OpenCall, { call: b }: OpenCall): number {
  const forEver = Number.MAX_SAFE_INTEGER;
  return (a.queueTimeout ?? forEver) - (b.queueTimeout ?? forEver);
}
