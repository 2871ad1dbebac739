import { epochNow } from '../tasks/worker-protocol.js';
import type { Job } from './call-queue.js';
import type { Chunk } from './chunk.js';

/** How long, in ms, a task file or a context may take to load; more, if the call itself may take more. */
const MAX_LOAD = 10_000;

/**
 * Looks in on a chunk each time its current call may be out of time.
 *
 * @param expired told of a call that has run for more than `limit` ms; returns whether it was stopped
 * @internal
 */
export function watchRunTime(
  chunk: Chunk,
  expired: (chunk: Chunk, job: Job, limit: number) => boolean,
): void {
  const shortest = Math.min(...chunk.jobs.map(({ call }) => call.timeout));
  const look = () => {
    const job = chunk.running;
    const timeout = job?.call.timeout ?? shortest;
    const limit = chunk.isLoading ? Math.max(timeout, MAX_LOAD) : timeout;
    const left = job === undefined ? shortest : limit - (epochNow() - chunk.startedAt);
    if (job !== undefined && left <= 0 && expired(chunk, job, limit)) return;
    chunk.timer = setTimeout(look, Math.max(1, Math.min(left, shortest)));
  };
  chunk.timer = setTimeout(look, shortest);
}
