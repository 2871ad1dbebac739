import type { Job } from './job.js';

/** What one job adds to the sum at most, in ms; a job without an estimate adds this, too. */
const UNKNOWN_COST = 1;

/**
 * A first-in, first-out queue. Jobs that were taken back from a worker return to its front. Jobs
 * that are settled while they wait (cancelled, timed out) are skipped, not searched for.
 *
 * @internal
 */
export class JobQueue {
  #jobs: Job[] = [];
  #head = 0;
  #size = 0;
  #cost = 0;

  /** How many jobs wait. */
  get size(): number {
    return this.#size;
  }

  /** The sum of the waiting jobs' estimates, each counted as 1 ms at most. */
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

  /** Removes a job that is about to be settled; the queue skips it from now on. */
  drop(job: Job): void {
    if (job.queued) this.#count(job, -1);
  }

  /** The jobs that wait. */
  *[Symbol.iterator](): Generator<Job> {
    for (let i = this.#head; i < this.#jobs.length; i++) {
      const job = this.#jobs[i] as Job;
      if (job.queued) yield job;
    }
  }

  /** The next job that is not settled; it stays in the queue. */
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
    // Frees the jobs that were taken, at an amortised cost of one move per job.
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
