import { PRIORITIES } from '../executor.js';
import { FairQueue } from './fair-queue.js';
import type { Job } from './job.js';

/** What one job adds to the sum at most, in ms; a job without an estimate adds this, too. */
const MAX_COST = 1;
/** For how long, in ms, higher priorities keep a lower one from starting a job. */
const MAX_TURN = 1_000;

/** The waiting jobs of one priority. */
class Level extends FairQueue {
  /** When it last got its turn, or its first job, in ms. */
  turnedAt = 0;
}

/**
 * The jobs that wait. Those that were taken back from a worker are the next ones. Then come those
 * of the highest priority; within a priority, shares take turns. Each priority with waiting jobs
 * gets a turn every second, so that no other one starves it. Jobs that are settled while they wait
 * (cancelled, timed out) are skipped, not searched for.
 *
 * @internal
 */
export class JobQueue {
  readonly #levels: readonly Level[] = PRIORITIES.map(() => new Level());
  #returned: Job[] = [];
  #size = 0;
  #cost = 0;
  /** How many waiting jobs have no estimate, and the sum of the others' estimates, in ms. */
  #unknown = 0;
  #known = 0;

  /** How many jobs wait. */
  get size(): number {
    return this.#size;
  }

  /** The sum of the waiting jobs' estimates, each counted as 1 ms at most. */
  get cost(): number {
    return this.#cost;
  }

  push(job: Job): void {
    this.#count(job, 1);
    const level = this.#levelOf(job);
    if (level.size === 0) level.turnedAt = performance.now();
    level.push(job);
  }

  unshift(jobs: readonly Job[]): void {
    if (jobs.length === 0) return;
    for (const job of jobs) {
      job.isReturned = true;
      this.#count(job, 1);
    }
    this.#returned = [...jobs, ...this.#returned];
  }

  /** Removes a job that is about to be settled; the queue skips it from now on. */
  drop(job: Job): void {
    if (!job.queued) return;
    this.#count(job, -1);
    if (!job.isReturned) this.#levelOf(job).drop(job);
  }

  /** The jobs that wait. */
  *[Symbol.iterator](): Generator<Job> {
    for (const job of this.#returned) if (job.queued) yield job;
    for (const level of this.#levels) yield* level;
  }

  /** The next job; it stays in the queue. */
  peek(): Job | undefined {
    while (this.#returned.length > 0) {
      const job = this.#returned[0] as Job;
      if (job.queued) return job;
      this.#returned.shift();
    }
    return this.#next()?.peek();
  }

  /** Takes the job that `peek()` has returned. */
  shift(job: Job): void {
    this.#count(job, -1);
    if (job.isReturned) {
      this.#returned.shift();
      return;
    }
    const level = this.#levelOf(job);
    level.shift(job);
    if (level.size !== this.#size) level.turnedAt = performance.now();
  }

  /**
   * How much work waits, in ms of one worker.
   *
   * @param unknownCost what a job without an estimate counts for, in ms
   */
  work(unknownCost: number): number {
    return this.#known + this.#unknown * unknownCost;
  }

  /**
   * How much work is done before a new job, in ms of one worker: all but what waits at lower
   * levels, and behind the job at its own.
   *
   * @param unknownCost what a job without an estimate counts for, in ms
   */
  ahead(job: Job, unknownCost: number): number {
    let sum = this.work(unknownCost);
    for (const level of this.#levels.slice(job.level)) sum -= level.work(unknownCost);
    return Math.max(0, sum) + this.#levelOf(job).ahead(job, unknownCost);
  }

  /** The jobs of lower priorities than this level, newest first. */
  below(level: number): Job[] {
    const lower = this.#levels.slice(level + 1).map((each) => Array.from(each));
    return lower.flatMap((jobs) => jobs.toSorted((a, b) => a.queuedAt - b.queuedAt)).toReversed();
  }

  /** The level whose turn it is. */
  #next(): Level | undefined {
    let next: Level | undefined;
    for (const level of this.#levels) {
      if (level.size === 0) continue;
      if (next === undefined || performance.now() - level.turnedAt >= MAX_TURN) next = level;
    }
    return next;
  }

  #levelOf({ level }: Job): Level {
    return this.#levels[level] as Level;
  }

  #count(job: Job, sign: 1 | -1): void {
    job.queued = sign === 1;
    this.#size += sign;
    this.#cost += sign * Math.min(job.estimate, MAX_COST);
    if (job.estimate === Infinity) this.#unknown += sign;
    else this.#known += sign * job.estimate;
    if (this.#size === 0) [this.#cost, this.#known] = [0, 0];
  }
}
