import type { ExecutorStats, Outcome } from './executor.js';
import { RollingHistogram } from './rolling-histogram.js';
import { RollingWindow } from './rolling-window.js';

/** Length of a measuring window, in ms; what is told covers the last one to two of them. */
const WINDOW = 60_000;

/**
 * What has become of an executor's calls.
 *
 * @internal
 */
export class CallStats {
  readonly #wait = new RollingHistogram();
  readonly #run = new RollingHistogram();
  readonly #madeAt = performance.now();
  readonly #window = new RollingWindow(WINDOW, () => this.#roll());
  /** ms that workers ran tasks. */
  #busy = 0;
  #busyBefore = 0;
  #resolved = 0;
  #failed = 0;

  record({ status, worker, wait, run }: Outcome, now: number): void {
    this.#window.roll(now);
    if (status === 'resolved') this.#resolved++;
    else this.#failed++;
    if (worker === '') return;
    this.#wait.record(wait);
    this.#run.record(run);
    this.#busy += run;
  }

  /**
   * @param width workers at most
   * @param underWay ms that the calls under way have run so far
   */
  summary(
    width: number,
    underWay: number,
  ): Required<Pick<ExecutorStats, 'resolved' | 'failed' | 'wait' | 'run' | 'utilization'>> {
    const now = performance.now();
    this.#window.roll(now);
    const start = Math.max(this.#window.start, this.#madeAt);
    const capacity = width * (now - start);
    const busy = this.#busyBefore + this.#busy + underWay;
    return {
      resolved: this.#resolved,
      failed: this.#failed,
      wait: this.#wait.percentiles(),
      run: this.#run.percentiles(),
      utilization: capacity > 0 ? Math.min(1, busy / capacity) : 0,
    };
  }

  #roll(): void {
    this.#wait.roll();
    this.#run.roll();
    this.#busyBefore = this.#busy;
    this.#busy = 0;
  }
}
