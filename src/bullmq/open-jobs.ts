import { randomUUID } from 'node:crypto';
import { DrainWaiters, DurationEstimates } from '../executors/kit.js';
import type { Call, Outcome, Priority } from '../index.js';
import { MAX_CALLS, type Reply } from './edge.js';
import { Kind, fromMessage } from './outcome-message.js';
import type { JobCall } from './job-data.js';

/** A call that waits for its outcome. */
export interface OpenCall {
  readonly call: Call;
  readonly wire: JobCall;
  /** Expected run time, in ms; Infinity: unknown. */
  readonly estimate: number;
  /** When the executor got the call, by `performance.now()`. */
  readonly openedAt: number;
  /** Settles the call; further invocations do nothing. */
  readonly settle: (outcome: Outcome, isAnswer?: boolean) => void;
  isSettled: boolean;
  /** The job that carries it. Undefined before it is sent, and while it waits to be sent again. */
  job: OpenJob | undefined;
  /** How often it was sent again: because a worker lacked its task, or Redis lost its job. */
  resent: number;
  /** Workers that don't have its task. */
  readonly lackedBy: Set<string>;
}

/** A call that a worker has handed back because it doesn't have the task. */
export interface HandedBack {
  readonly open: OpenCall;
  readonly worker: string;
  /** The call's outcome if no other worker has the task. */
  readonly outcome: Outcome;
}

/** A job of this process with calls that have no outcome yet. */
export interface OpenJob {
  readonly id: string;
  /** Its outcomes must carry the same token. */
  readonly token: string;
  readonly calls: readonly OpenCall[];
  readonly queueTimeout: number | undefined;
  readonly priority: Priority;
  /** When the job was created, by `performance.now()`. */
  readonly madeAt: number;
  /** When the job was sent to Redis, by `performance.now()`; undefined: not yet. */
  sentAt: number | undefined;
  /** Number of calls without an outcome. */
  open: number;
  /** Whether nobody waits for the job any more, though it was not answered. */
  isDropped: boolean;
  /** When a worker was first known to have it, by `performance.now()`; undefined: never. */
  takenAt: number | undefined;
  /** Whether a worker had it when Redis was last asked. */
  isRunning: boolean;
  /** When its worker last confirmed that it has it, by `performance.now()`. */
  confirmedAt: number | undefined;
  /** Since when its worker has been silent, by `performance.now()`. */
  stalledSince: number | undefined;
  /** Since when it has been missing from Redis, by `performance.now()`. */
  goneSince: number | undefined;
  queueTimer: NodeJS.Timeout | undefined;
}

/** Maximum expected run time of a job's calls, in ms: enough to be worth the trip through Redis. */
const MAX_RUN = 4;
/** Length of a job, in characters, above which it takes no more calls. */
const MAX_LENGTH = 1_000_000;

/**
 * The calls of this process that have no outcome yet, and the jobs that carry them.
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

  /** @param owner name of this process's inbox, with which job ids begin */
  constructor(owner: string) {
    this.#owner = owner;
  }

  /** Number of calls without an outcome. */
  get open(): number {
    return this.#open;
  }

  /** How many of these calls are with a worker. */
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

  /** Groups calls into jobs: short ones share a job; long and unknown ones get one of their own. */
  plan(calls: readonly OpenCall[]): OpenJob[] {
    const groups: OpenCall[][] = [];
    let [run, length] = [0, 0];
    for (const each of calls.toSorted(byLimits)) {
      const group = groups.at(-1);
      // A call that was sent again goes alone: it may be the one that kills its workers.
      const estimate = each.resent > 0 ? Infinity : each.estimate;
      run += estimate;
      length += each.wire[3].length;
      const isAlike = group?.[0] !== undefined && byLimits(group[0], each) === 0;
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
   * Takes a worker's reply; outcomes that nobody waits for any more are dropped. Returns the calls
   * that the worker hands back.
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
      // A call that didn't run says nothing about its task's duration.
      if (run > 0) this.#estimates.record(open.call, outcome.run);
      open.settle(outcome, true);
    }
    return handedBack;
  }

  /** Takes a call out of its job, so that it can be sent again. */
  detach(open: OpenCall): void {
    const { job } = open;
    if (job === undefined) return;
    open.job = undefined;
    open.resent++;
    this.#closeCall(job, true);
  }

  /** Settles the open calls of a job with what `outcome` returns; undefined leaves a call open. */
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
      priority: priorityOf((calls[0] as OpenCall).call),
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

/** Calls with the same priority and limit follow each other, so that they can share jobs. */
function byLimits({ call: a }: OpenCall, { call: b }: OpenCall): number {
  const [first, second] = [priorityOf(a), priorityOf(b)];
  if (first !== second) return first < second ? -1 : 1;
  const forEver = Number.MAX_SAFE_INTEGER;
  return (a.queueTimeout ?? forEver) - (b.queueTimeout ?? forEver);
}

function priorityOf({ priority = 'normal' }: Call): Priority {
  return priority;
}
