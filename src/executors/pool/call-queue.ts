import type { Job } from './job.js';

/** An estimate that stands for "unknown" in the sum, in ms. */
const UNKNOWN_COST = 1;

/**
 * First in, first out, with a way back to the front for jobs that were taken back from a worker.
 * Jobs that are settled while they wait (cancelled, out of time) are skipped, not searched for.
 *
 * @internal
 */
export class CallQueue {
  #jobs: Job[] = [];
  #head = 0;
  #size = 0;
  #cost = 0;

  /** Jobs that wait. */
  get size(): number {
    return this.#size;
  }

  /** The sum of what the waiting jobs are expected to run, in ms. */
  get cost(): number {
    return this.#cost;
  }

  push(job: Job): void {
    this.#jobs.push(job);
    this.#count(job, 1);
  }

  unshift(jobs: readonly Job[]): void {
    if (jobs.length === 0) return;
    this.#jobs = [...jobs, ...this.#jobs.slice(this.#head)];
    this.#head = 0;
    for (const job of jobs) this.#count(job, 1);
  }

  /** Takes out a job that is about to be settled; it is skipped from now on. */
  drop(job: Job): void {
    if (job.queued) this.#count(job, -1);
  }

  /** Those that wait. */
  *[Symbol.iterator](): Generator<Job> {
    for (let i = this.#head; i < this.#jobs.length; i++) {
      const job = this.#jobs[i] as Job;
      if (job.queued) yield job;
    }
  }

  /** The next job that is not settled, without taking it. */
  peek(): Job | undefined {
    while (this.#head < this.#jobs.length) {
      const job = this.#jobs[this.#head] as Job;
      if (!job.settled) return job;
      this.#head++;
    }
    this.#jobs = [];
    this.#head = 0;
    return undefined;
  }

  shift(): Job | undefined {
    const job = this.peek();
    if (job === undefined) return undefined;
    this.#head++;
    this.#count(job, -1);
    // Lets go of what was taken, at an amortised cost of one move a job.
    if (this.#head === this.#jobs.length) {
      this.#jobs = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#jobs.length) {
      this.#jobs = this.#jobs.slice(this.#head);
      this.#head = 0;
    }
    return job;
  }

  #count(job: Job, sign: 1 | -1): void {
    job.queued = sign === 1;
    this.#size += sign;
    this.#cost += sign * Math.min(job.estimate, UNKNOWN_COST);
    if (this.#size === 0) this.#cost = 0;
  }
}
