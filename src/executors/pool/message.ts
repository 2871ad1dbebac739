import {
  ABORTED,
  CURSOR,
  IS_LISTENING,
  IS_LOADING,
  IS_RETIRING,
  PROGRESS_BYTES,
  STARTED_AT,
  TAKEN_BACK,
  WORKER_ID,
  type PostedOutcome,
  type WireMessage,
  WireStatus,
} from '../../wire/protocol.js';
import { monotonicNow } from '../../wire/clock.js';
import { addMovable } from '../../wire/codec.js';
import { ResultSlots, messageBytes } from '../../wire/result-slots.js';
import { notStarted, type Transferable } from '../executor.js';
import type { ByteLimits } from '../pool-options.js';
import type { Job } from './job.js';
import { isSentAgain, outcomeOf, toOutcome, toWireCalls, unreadable } from './wire.js';
import type { Workers } from './workers.js';

/** The age, in ms, from which a message that is not done counts as stuck in a long call. */
const STUCK_AFTER = 2;

/**
 * The jobs that were sent to a worker as one message, and the memory shared with that worker.
 *
 * @internal
 */
export class Message {
  readonly sentAt = monotonicNow();
  /** For how many pulses in a row its worker could have continued the message, but did not. */
  idlePulses = 0;
  /** Set when the worker says it is done with the message. */
  acknowledged = false;
  readonly wire: WireMessage;
  readonly #kind: string;
  readonly #canShare: boolean;
  readonly #limits: ByteLimits;
  readonly #slots: ResultSlots;
  readonly #state: Int32Array;
  readonly #clock: Float64Array;
  #worker = '';
  /** How many results were taken, and which of the posted ones. */
  #taken = 0;
  #takenPosted: Set<number> | undefined;
  /** Which call was last seen running, and since when, in ms on the monotonic clock. */
  #seen = { index: -1, at: 0 };
  /** How many results, from the first on, are known to be in the memory or posted. */
  #found = 0;
  /** Where the worker stops: calls from this index on were taken back. */
  #end: number;

  /** @param jobs if empty, the message makes its worker close what its tasks opened, and exit */
  constructor(
    readonly id: number,
    readonly jobs: readonly Job[],
    { scheduler, kind, canShare }: Pick<Workers, 'scheduler' | 'kind' | 'canShare'>,
    limits: ByteLimits,
  ) {
    const progress = new SharedArrayBuffer(messageBytes(jobs.length));
    const calls = jobs.length === 0 ? undefined : toWireCalls(jobs);
    this.wire = { scheduler, message: id, progress, calls, maxResultBytes: limits.maxResultBytes };
    this.#kind = kind;
    this.#canShare = canShare;
    this.#limits = limits;
    this.#end = jobs.length;
    this.#slots = new ResultSlots(progress, jobs.length);
    this.#state = new Int32Array(progress, 0, PROGRESS_BYTES / 4);
    this.#clock = new Float64Array(progress, 0, PROGRESS_BYTES / 8);
  }

  /** What is moved along with it. */
  get transferList(): readonly Transferable[] {
    const list: Transferable[] = [];
    for (const { call, packed } of this.jobs) {
      if (call.transferList !== undefined) list.push(...call.transferList);
      if (this.#canShare && packed !== undefined) addMovable(packed, list);
    }
    return list;
  }

  /** The shortest time limit of its calls, in ms. */
  get shortestTimeout(): number {
    return this.jobs.reduce((shortest, { call }) => Math.min(shortest, call.timeout), Infinity);
  }

  /** How many calls the worker has started. */
  get claimed(): number {
    return Math.min(Atomics.load(this.#state, CURSOR), this.#end);
  }

  /** Whether the worker is done, and all its results were taken. */
  get complete(): boolean {
    return this.acknowledged && this.#taken >= this.claimed;
  }

  /** The id of the worker's thread or process; 0 until it has started. */
  get workerId(): number {
    return Atomics.load(this.#state, WORKER_ID);
  }

  /** The worker's name, such as `thread 3`. */
  get worker(): string {
    return (this.#worker ||= `${this.#kind} ${this.workerId}`);
  }

  /** When the running call started, in ms on the monotonic clock. */
  get startedAt(): number {
    const startedAt = this.#clock[STARTED_AT] as number;
    return startedAt >= this.sentAt ? Math.min(startedAt, monotonicNow()) : this.sentAt;
  }

  /** How long the running call has run, in ms: as its worker says, and at least as seen here. */
  elapsed(now: number): number {
    const index = this.claimed;
    if (this.#seen.index !== index) this.#seen = { index, at: now };
    return Math.max(now - this.startedAt, this.isLoading ? 0 : now - this.#seen.at);
  }

  /** Whether the task file or context of the running call is being loaded. */
  get isLoading(): boolean {
    return Atomics.load(this.#state, IS_LOADING) === 1;
  }

  /** Whether the running call would stop by itself if it were asked to. */
  get isListening(): boolean {
    return Atomics.load(this.#state, IS_LISTENING) === 1;
  }

  /** Whether the worker exits after the last call that it has started. */
  get isRetiring(): boolean {
    return Atomics.load(this.#state, IS_RETIRING) === 1;
  }

  /** Asks the running call to stop. */
  abort(): void {
    Atomics.store(this.#state, ABORTED, this.claimed);
    Atomics.notify(this.#state, ABORTED);
  }

  /** The job of the running call. */
  get running(): Job | undefined {
    const last = this.claimed - 1;
    return last < 0 || this.#slots.has(last) ? undefined : this.jobs[last];
  }

  /** How long the running call has run, in ms; 0 if there is none, or it is being loaded. */
  runTime(now: number): number {
    return this.running === undefined || this.isLoading ? 0 : now - this.startedAt;
  }

  /** Whether the worker may post the result of this call now. */
  isDue(index: number): boolean {
    if (index < 0 || index >= this.claimed || this.#takenPosted?.has(index) === true) return false;
    return !this.#slots.has(index) || this.#slots.isPosted(index);
  }

  /**
   * Settles the job whose result was posted.
   *
   * @returns the job, unsettled, if its arguments must be sent again in another form
   */
  take([, index, status, payload, startedAt, run]: PostedOutcome): Job | undefined {
    const job = this.#takePosted(index);
    const isUnread = status === WireStatus.UnreadableArguments;
    if (isUnread && this.#canShare && !job.settled && isSentAgain(job)) return job;
    const ran = { worker: this.worker, startedAt, run, now: monotonicNow() };
    job.settle(toOutcome(job, status, payload, ran, this.#limits));
    return undefined;
  }

  /** Fails the first call whose result was posted but has not arrived, if there is one. */
  failUnread(): void {
    for (let i = 0; i < this.jobs.length && this.#slots.has(i); i++) {
      if (!this.#slots.isPosted(i) || this.#takenPosted?.has(i) === true) continue;
      const job = this.#takePosted(i);
      job.settle(notStarted(unreadable(job.call)));
      return;
    }
  }

  #takePosted(index: number): Job {
    this.#slots.markPosted(index);
    (this.#takenPosted ??= new Set()).add(index);
    this.#taken++;
    return this.jobs[index] as Job;
  }

  /** Whether the worker has taken the message, and only has to say that it is done. */
  get isDone(): boolean {
    return this.workerId !== 0 && !this.hasUnstarted && this.#taken >= this.claimed;
  }

  /** Settles the jobs whose results are new in the memory. */
  collect(): void {
    const slots = this.#slots;
    if (this.#found >= this.jobs.length || !slots.has(this.#found)) return;
    const ran = { worker: this.worker, startedAt: 0, run: 0, now: monotonicNow() };
    // A worker runs its calls in order.
    while (this.#found < this.jobs.length && slots.has(this.#found)) {
      const index = this.#found++;
      if (slots.isPosted(index)) continue;
      this.#taken++;
      ran.startedAt = slots.startedAt(index);
      ran.run = slots.run(index);
      const job = this.jobs[index] as Job;
      job.settle(
        slots.isPrimitive(index)
          ? outcomeOf(job, 'resolved', slots.primitive(index), ran)
          : toOutcome(job, WireStatus.Resolved, slots.packed(index), ran, this.#limits),
      );
    }
  }

  /** The jobs that are not settled, without those that were taken back. */
  get open(): readonly Job[] {
    return this.jobs.slice(0, this.#end).filter(({ settled }) => !settled);
  }

  owns(job: Job): boolean {
    const index = this.jobs.indexOf(job);
    return index !== -1 && index < this.#end;
  }

  /** The jobs that the worker has not started. */
  get unstarted(): readonly Job[] {
    return this.jobs.slice(this.claimed, this.#end);
  }

  /** Whether there are jobs to take back. */
  get hasUnstarted(): boolean {
    return this.claimed < this.#end;
  }

  /** Whether the message is stuck in a long call, so that the calls behind it should not wait. */
  get isStuck(): boolean {
    return this.running !== undefined && monotonicNow() - this.sentAt >= STUCK_AFTER;
  }

  /** Takes back the jobs that the worker has not started; it won't start them any more. */
  takeBack(): Job[] {
    const claimed = Math.min(Atomics.exchange(this.#state, CURSOR, TAKEN_BACK), this.#end);
    const taken = this.jobs.slice(claimed, this.#end).filter((job) => !job.settled);
    this.#end = claimed;
    return taken;
  }
}
