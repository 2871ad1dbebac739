import type { Job } from './job.js';

/** What a job counts for at least, in ms: about what its way to a worker costs. */
const MIN_COST = 0.02;
/** What a job without an estimate counts for, in ms. */
const UNKNOWN_COST = 1;
/** From how many shares on those without jobs are forgotten. */
const SWEEP_AT = 256;

/** For how long a job counts as running, in ms. */
function costOf({ estimate }: Job): number {
  return estimate === Infinity ? UNKNOWN_COST : Math.max(MIN_COST, estimate);
}

/** The waiting jobs of one request, user or tenant, first in, first out. */
class Share {
  /** The virtual time at which its last job ended. */
  ended = 0;
  /** The virtual time at which its next job ends, and that job. */
  ends = 0;
  next: Job | undefined;
  /** How many jobs wait, how many of them have no estimate, and what the others cost, in ms. */
  size = 0;
  unknown = 0;
  cost = 0;
  /** Whether it is in the list of shares that take turns. */
  isActive = false;
  #jobs: Job[] = [];
  #head = 0;

  constructor(
    readonly name: string | object,
    readonly weight: number,
  ) {}

  push(job: Job): void {
    this.#jobs.push(job);
    this.size++;
    if (job.estimate === Infinity) this.unknown++;
    else this.cost += costOf(job);
  }

  /** Decides when its next job ends. */
  plan(job: Job): void {
    this.next = job;
    this.ends = this.ended + costOf(job) / this.weight;
  }

  /** The next job; it stays in the share. */
  peek(): Job | undefined {
    while (this.#head < this.#jobs.length) {
      const job = this.#jobs[this.#head] as Job;
      if (!job.settled) return job;
      this.#head++;
    }
    return undefined;
  }

  shift(): void {
    this.#head++;
    // Frees the jobs that were taken, at an amortised cost of one move per job.
    if (this.#head > 1024 && this.#head * 2 > this.#jobs.length) {
      this.#jobs = this.#jobs.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Counts a job that has left. */
  leave(job: Job): void {
    this.size--;
    if (job.estimate === Infinity) this.unknown--;
    else this.cost = this.size === this.unknown ? 0 : this.cost - costOf(job);
  }

  *[Symbol.iterator](): Generator<Job> {
    for (let i = this.#head; i < this.#jobs.length; i++) {
      const job = this.#jobs[i] as Job;
      if (!job.settled) yield job;
    }
  }
}

/**
 * Jobs of one priority. Shares take turns, so that one with many jobs, or long ones, doesn't keep
 * the others waiting: self-clocked fair queueing (Golestani, "A Self-Clocked Fair Queueing Scheme
 * for Broadband Applications", 1994). Each share has a virtual time, which moves on by the expected
 * run time of each of its jobs, divided by its weight. The next job is the one that would end
 * first. A share that comes, or comes again, starts at the time at which the job that was taken
 * last ends: it gains nothing by waiting, and newcomers don't keep the others from their turns.
 *
 * @internal
 */
export class FairQueue {
  /** The shares with jobs, in the order of their turns. */
  #active: Share[] = [];
  /** Named shares, also without jobs: one that comes again keeps its virtual time. */
  #named = new Map<string, Share>();
  /** The share that got the last job. */
  #last: Share | undefined;
  #sweepAt = SWEEP_AT;
  #virtualTime = 0;
  #size = 0;

  /** How many jobs wait. */
  get size(): number {
    return this.#size;
  }

  push(job: Job): void {
    const share = this.#find(job.share) ?? this.#add(job);
    this.#last = share;
    share.push(job);
    this.#size++;
    if (share.isActive) return;
    share.isActive = true;
    share.ended = Math.max(share.ended, this.#virtualTime);
    share.plan(job);
    this.#insert(share);
  }

  /** The next job; it stays in the queue. */
  peek(): Job | undefined {
    for (let share = this.#active[0]; share !== undefined; share = this.#active[0]) {
      const job = share.peek();
      if (job === share.next && job !== undefined) return job;
      // The job that was planned is settled.
      this.#active.shift();
      this.#rejoin(share, job);
    }
    return undefined;
  }

  /** Takes the job that `peek()` has returned. */
  shift(job: Job): void {
    const share = this.#active.shift() as Share;
    share.shift();
    share.ended = share.ends;
    this.#virtualTime = share.ends;
    this.#leave(share, job);
    if (this.#size > 0) this.#rejoin(share, share.peek());
  }

  /** Skips a waiting job that is about to be settled. */
  drop(job: Job): void {
    this.#leave(this.#find(job.share) as Share, job);
  }

  /**
   * How much work is done before a new job, in ms of one worker: what its own share waits for, and
   * as much of each other share at most, since they take turns.
   *
   * @param unknownCost what a job without an estimate counts for, in ms
   */
  ahead(job: Job, unknownCost: number): number {
    const own = this.#find(job.share);
    const ownCost = own === undefined ? 0 : own.cost + own.unknown * unknownCost;
    const turns = ownCost + (job.estimate === Infinity ? unknownCost : costOf(job));
    let sum = ownCost;
    for (const share of this.#active) {
      if (share !== own) sum += Math.min(share.cost + share.unknown * unknownCost, turns);
    }
    return sum;
  }

  /**
   * How much work waits, in ms of one worker.
   *
   * @param unknownCost what a job without an estimate counts for, in ms
   */
  work(unknownCost: number): number {
    let sum = 0;
    for (const { cost, unknown } of this.#active) sum += cost + unknown * unknownCost;
    return sum;
  }

  /** The jobs that wait, share by share. */
  *[Symbol.iterator](): Generator<Job> {
    for (const share of this.#active) yield* share;
  }

  #leave(share: Share, job: Job): void {
    share.leave(job);
    if (--this.#size > 0) return;
    for (const each of this.#active) each.isActive = false;
    this.#active.length = 0;
    this.#last = undefined;
    // Not clear(): V8 chains the tables of a map that is cleared, so that old ones keep new ones.
    if (this.#named.size > 0) this.#named = new Map();
    this.#virtualTime = 0;
  }

  /**
   * Only named shares are in a map. That of a request is searched for while it has jobs: there are
   * few, and a map of what lives for a millisecond costs more garbage collection than it saves.
   */
  #find(name: string | object): Share | undefined {
    if (this.#last?.name === name && this.#last.isActive) return this.#last;
    if (typeof name === 'string') return this.#named.get(name);
    for (const share of this.#active) if (share.name === name) return share;
    return undefined;
  }

  #add(job: Job): Share {
    const share = new Share(job.share, job.call.weight ?? 1);
    if (typeof share.name === 'object') return share;
    if (this.#named.size >= this.#sweepAt) this.#sweep();
    this.#named.set(share.name, share);
    return share;
  }

  /** Forgets the shares without jobs: so many others have had their turn that it hardly matters. */
  #sweep(): void {
    this.#named = new Map([...this.#named].filter(([, { isActive }]) => isActive));
    this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#named.size);
  }

  /** Takes its next turn, if it has a job. */
  #rejoin(share: Share, job: Job | undefined): void {
    share.isActive = job !== undefined;
    if (job === undefined) return;
    share.plan(job);
    this.#insert(share);
  }

  /** After the shares whose turn is at the same time, since those came first. */
  #insert(share: Share): void {
    let low = 0;
    let high = this.#active.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#active[middle] as Share).ends <= share.ends) low = middle + 1;
      else high = middle;
    }
    if (low === this.#active.length) this.#active.push(share);
    else this.#active.splice(low, 0, share);
  }
}
