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
} from '../worker/worker-protocol.js';
import { ResultSlots, chunkBytes } from '../worker/result-slots.js';
import type { Job } from './job.js';

/** Age in ms from which a chunk that is not done is taken to be stuck in a long call. */
const STUCK_AFTER = 2;

/**
 * Calls that were sent to a worker as one message, and the memory shared with that worker.
 *
 * @internal
 */
export class Chunk {
  readonly progress: SharedArrayBuffer;
  readonly sentAt = performance.now();
  /** Set when the worker says it is done with the message. */
  acknowledged = false;
  readonly #slots: ResultSlots;
  readonly #state: Int32Array;
  readonly #clock: Float64Array;
  readonly #kind: string;
  #worker = '';
  /** Results that were taken. */
  #taken = 0;
  /** Results of which it is known where they are: in the memory, or posted. */
  #found = 0;
  /** Where the worker stops: behind it, calls were taken back. */
  #end: number;

  /** @param kind what workers are called */
  constructor(
    readonly id: number,
    readonly jobs: readonly Job[],
    kind: string,
  ) {
    this.#kind = kind;
    this.#end = jobs.length;
    this.progress = new SharedArrayBuffer(chunkBytes(jobs.length));
    this.#slots = new ResultSlots(this.progress, jobs.length);
    this.#state = new Int32Array(this.progress, 0, PROGRESS_BYTES / 4);
    this.#clock = new Float64Array(this.progress, 0, PROGRESS_BYTES / 8);
  }

  /** The shortest time, in ms, that any of its calls may run. */
  get shortestTimeout(): number {
    let shortest = Infinity;
    for (const { call } of this.jobs) shortest = Math.min(shortest, call.timeout);
    return shortest;
  }

  /** Calls the worker has started. */
  get claimed(): number {
    return Math.min(Atomics.load(this.#state, CURSOR), this.#end);
  }

  /** Whether every result that will come is in. */
  get complete(): boolean {
    return this.acknowledged && this.#taken >= this.claimed;
  }

  /** The worker's thread id; 0 until it has started. */
  get workerId(): number {
    return Atomics.load(this.#state, WORKER_ID);
  }

  /** The worker's name, such as `thread 3`. */
  get worker(): string {
    return (this.#worker ||= `${this.#kind} ${this.workerId}`);
  }

  /** Epoch time in ms at which the call that runs now started. */
  get startedAt(): number {
    return this.#clock[STARTED_AT] as number;
  }

  /** Whether the task file of the call that runs now is being loaded. */
  get isLoading(): boolean {
    return Atomics.load(this.#state, IS_LOADING) === 1;
  }

  /** Whether the call that runs now would end by itself if it were told to. */
  get isListening(): boolean {
    return Atomics.load(this.#state, IS_LISTENING) === 1;
  }

  /** Whether the worker ends after the last call it has started. */
  get isRetiring(): boolean {
    return Atomics.load(this.#state, IS_RETIRING) === 1;
  }

  /** Tells the call that runs now to end. */
  abort(): void {
    Atomics.store(this.#state, ABORTED, this.claimed);
    Atomics.notify(this.#state, ABORTED);
  }

  /** The call that runs now. */
  get running(): Job | undefined {
    const last = this.claimed - 1;
    return last < 0 || this.#slots.has(last) ? undefined : this.jobs[last];
  }

  /** How long the call that runs now has run, in ms; 0 if none does. */
  runTime(now: number): number {
    return this.running === undefined || this.isLoading ? 0 : now - this.startedAt;
  }

  /** Takes a result that was posted; returns whose it is. */
  takePosted(index: number): Job {
    this.#slots.markPosted(index);
    this.#taken++;
    return this.jobs[index] as Job;
  }

  /** Takes the results that were left in the memory since the last time. */
  takeFound(take: (job: Job, value: unknown, startedAt: number, run: number) => void): void {
    // A worker runs its calls in order.
    while (this.#found < this.jobs.length && this.#slots.has(this.#found)) {
      const index = this.#found++;
      if (this.#slots.isPosted(index)) continue;
      this.#taken++;
      const slots = this.#slots;
      take(this.jobs[index] as Job, slots.value(index), slots.startedAt(index), slots.run(index));
    }
  }

  /** The calls that are this chunk's: those that were taken back are not. */
  get own(): readonly Job[] {
    return this.jobs.slice(0, this.#end);
  }

  owns(job: Job): boolean {
    const index = this.jobs.indexOf(job);
    return index !== -1 && index < this.#end;
  }

  /** Whether there are calls to take back. */
  get hasUnstarted(): boolean {
    return this.claimed < this.#end;
  }

  /** Whether one call takes long while others wait behind it. */
  get isStuck(): boolean {
    return this.running !== undefined && performance.now() - this.sentAt >= STUCK_AFTER;
  }

  /** Takes back the calls the worker has not started; it will not start them any more. */
  takeBack(): Job[] {
    const claimed = Math.min(Atomics.exchange(this.#state, CURSOR, TAKEN_BACK), this.#end);
    const taken = this.jobs.slice(claimed, this.#end).filter((job) => !job.settled);
    this.#end = claimed;
    return taken;
  }
}
