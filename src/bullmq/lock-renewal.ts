import type { Worker } from 'bullmq';
import type { ConnectionWatch } from './connection-watch.js';
import { within } from './within.js';

/**
 * Renews the locks of the jobs that run here, which show other processes that this worker is alive.
 * BullMQ's own renewal follows the wall clock: after a step back, it would pause for that long.
 *
 * @internal
 */
export class LockRenewal {
  readonly #worker: Pick<Worker, 'extendJobLocks'>;
  readonly #watch: ConnectionWatch;
  readonly #duration: number;
  /** Tokens of the locks by job id. */
  readonly #tokens = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  /** @param duration how long, in ms, a lock lasts unless it is renewed */
  constructor(worker: Pick<Worker, 'extendJobLocks'>, watch: ConnectionWatch, duration: number) {
    this.#worker = worker;
    this.#watch = watch;
    this.#duration = duration;
  }

  add(jobId: string, token: string): void {
    this.#tokens.set(jobId, token);
    this.#timer ??= setTimeout(() => void this.#renew(), this.#duration / 4);
  }

  remove(jobId: string): void {
    this.#tokens.delete(jobId);
  }

  close(): void {
    this.#tokens.clear();
    clearTimeout(this.#timer);
  }

  async #renew(): Promise<void> {
    const [ids, tokens] = [[...this.#tokens.keys()], [...this.#tokens.values()]];
    if (ids.length > 0) {
      try {
        const renewal = this.#worker.extendJobLocks(ids, tokens, this.#duration);
        // A renewal that takes longer is too late.
        const lost = await within(this.#duration / 2, renewal);
        const running = lost.filter((id) => this.#tokens.has(id));
        if (running.length > 0) this.#warn(running);
      } catch (error) {
        this.#watch.warn(error);
      }
    }
    this.#timer = undefined;
    if (this.#tokens.size === 0) return;
    this.#timer = setTimeout(() => void this.#renew(), this.#duration / 4);
  }

  #warn(lost: readonly string[]): void {
    this.#watch.warnOf(
      `${lost.length} jobs that run here are not this worker's any more: it was not heard of for too long, or Redis has lost its data.`,
      'locks',
    );
  }
}
