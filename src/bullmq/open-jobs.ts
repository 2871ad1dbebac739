import { randomUUID } from 'node:crypto';
import { DrainWaiters, DurationEstimates } from '../executors/kit.js';
import type { Call, Outcome } from '../index.js';
import { MAX_CALLS, type Reply } from './edge.js';
import { Kind, fromMessage } from './outcome-message.js';
import type { JobCall } from './job-data.js';

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
  /** The job it is sent in. Undefined before that, and while it waits to be sent again. */
  job: OpenJob | undefined;
  /** How often it was sent again: because a worker lacked its task, or Redis had lost its job. */
  resent: number;
  /** Workers that do not have its task. */
  readonly lackedBy: Set<string>;
}

/** A call that a worker has handed back, because it does not have its task. */
export interface HandedBack {
  readonly open: OpenCall;
  readonly worker: string;
  /** What the call fails with if no other worker has it. */
  readonly outcome: Outcome;
}

/** A job of this process that has calls without an outcome. */
export interface OpenJob {
  readonly id: string;
  /** What its outcomes must carry. */
  readonly token: string;
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
  /** When a worker was first found to have it, by `performance.now()`; undefined: none was. */
  takenAt: number | undefined;
  /** Whether a worker was seen to have it, when Redis was last asked. */
  isRunning: boolean;
  /** When its worker last said that it has it, by `performance.now()`. */
  confirmedAt: number | undefined;
  /** Since when its worker has not been heard of, by `performance.now()`. */
  stalledSince: number | undefined;
  /** Since when it is not in Redis, by `performance.now()`. */
  goneSince: number | undefined;
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
      resent: 0,
      lackedBy: new Set(),
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
      // One that is sent again may be so for what it does to its workers.
      const estimate = each.resent > 0 ? Infinity : each.estimate;
      run += estimate;
      length += each.wire[3].length;
      const isAlike = group?.[0]?.call.queueTimeout === each.call.queueTimeout;
      const isSmall = run <= MAX_RUN && length <= MAX_LENGTH;
      if (group !== undefined && isAlike && isSmall && group.length < MAX_CALLS) {
        group.push(each);
      } else {
        groups.push([each]);
        [run, length] = [estimate, each.wire[3].length];
      }
    }
    return groups.map((group) => this.#createJob(group));
  }

  /**
   * Takes what a worker has answered; what nobody waits for any more is dropped. Returns the calls that
   * the worker hands back.
   */
  answer({ jobId, token, body }: Reply): HandedBack[] {
    const job = this.#byId.get(jobId);
    if (job?.token !== token) return [];
    const now = performance.now();
    job.takenAt ??= now;
    if (body === 'running') {
      job.confirmedAt = now;
      return [];
    }
    const handedBack: HandedBack[] = [];
    for (const message of body) {
      const [index, kind, , worker, run] = message;
      const open: OpenCall | undefined = job.calls[index];
      if (open === undefined || open.isSettled || open.job !== job) continue;
      const outcome = fromMessage(message, open.call, now - open.openedAt);
      if (kind === Kind.Unknown) {
        this.detach(open);
        handedBack.push({ open, worker, outcome });
        continue;
      }
      // One that was not run says nothing of the task.
      if (run > 0) this.#estimates.record(open.call, outcome.run);
      open.settle(outcome, true);
    }
    return handedBack;
  }

  /** Takes a call out of its job, to be sent again. */
  detach(open: OpenCall): void {
    const { job } = open;
    if (job === undefined) return;
    open.job = undefined;
    open.resent++;
    this.#closeCall(job, true);
  }

  /** Gives up what is open of a job, with what `outcome` has for each call; if nothing, it stays. */
  giveUp(job: OpenJob, outcome: (call: Call) => Outcome | undefined): void {
    for (const open of job.calls) {
      if (open.isSettled || open.job !== job) continue;
      const ended = outcome(open.call);
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
      token: randomUUID(),
      calls,
      queueTimeout: calls[0]?.call.queueTimeout,
      madeAt: performance.now(),
      sentAt: undefined,
      open: calls.length,
      isDropped: false,
      takenAt: undefined,
      isRunning: false,
      confirmedAt: undefined,
      stalledSince: undefined,
      goneSince: undefined,
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

function byQueueTimeout({ call: a }: OpenCall, { call: b }: OpenCall): number {
  const forEver = Number.MAX_SAFE_INTEGER;
  return (a.queueTimeout ?? forEver) - (b.queueTimeout ?? forEver);
}
