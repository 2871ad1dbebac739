import type { RequestClock } from '../trace/request-clock.js';
import { EVENT_LOOP, type Trace, type TraceRow } from '../trace/trace.js';

/** Runs functions one after the other on the event loop, and records how long each takes. */
export class InlineRun {
  private readonly rows: TraceRow[] = [];

  constructor(private readonly clock: RequestClock) {}

  async step<T>(
    task: string,
    detail: string,
    compute: () => T | Promise<T>,
    kind: 'run' | 'pass' = 'run',
  ): Promise<T> {
    const from = this.clock.elapsed;
    let failed = true;
    try {
      const value = await compute();
      failed = false;
      return value;
    } finally {
      const length = this.clock.elapsed - from;
      const spans = [{ kind, from, length }];
      this.rows.push({ what: task, detail, where: EVENT_LOOP, failed, spans });
    }
  }

  get trace(): Trace {
    const { elapsed: total, loopBusy } = this.clock;
    return { total, loopBusy, passes: 1, rows: this.rows };
  }
}
