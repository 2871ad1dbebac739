import { monotonicNow } from '../../wire/clock.js';
import type { Message } from './message.js';
import type { Job } from './job.js';

/**
 * The messages in flight, by id.
 *
 * @internal
 */
export class InFlight extends Map<number, Message> {
  /** How long the calls that run now have run, all together, in ms. */
  get runTime(): number {
    const now = monotonicNow();
    return this.#sum((message) => message.runTime(now));
  }

  /** Jobs that were sent and are not settled. */
  get running(): number {
    return this.#sum(({ open }) => open.length);
  }

  of(job: Job): Message | undefined {
    return this.#find((message) => message.owns(job));
  }

  ofWorker(workerId: number): Message | undefined {
    return this.#find((message) => message.workerId === workerId);
  }

  #find(matches: (message: Message) => boolean): Message | undefined {
    for (const message of this.values()) if (matches(message)) return message;
    return undefined;
  }

  #sum(of: (message: Message) => number): number {
    let sum = 0;
    for (const message of this.values()) sum += of(message);
    return sum;
  }
}
