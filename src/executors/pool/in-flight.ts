import { monotonicNow } from '../../wire/clock.js';
import type { Chunk } from './chunk.js';
import type { Job } from './job.js';

/**
 * The chunks under way, by their ids.
 *
 * @internal
 */
export class InFlight extends Map<number, Chunk> {
  /** ms that the calls in them have run so far. */
  get runTime(): number {
    const now = monotonicNow();
    return this.#sum((chunk) => chunk.runTime(now));
  }

  /** Jobs that were sent and are not settled. */
  get running(): number {
    return this.#sum(({ own }) => own.filter(({ settled }) => !settled).length);
  }

  of(job: Job): Chunk | undefined {
    return this.#find((chunk) => chunk.owns(job));
  }

  ofWorker(workerId: number): Chunk | undefined {
    return this.#find((chunk) => chunk.workerId === workerId);
  }

  #find(matches: (chunk: Chunk) => boolean): Chunk | undefined {
    for (const chunk of this.values()) if (matches(chunk)) return chunk;
    return undefined;
  }

  #sum(of: (chunk: Chunk) => number): number {
    let sum = 0;
    for (const chunk of this.values()) sum += of(chunk);
    return sum;
  }
}
