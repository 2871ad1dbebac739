import { performance } from 'node:perf_hooks';
import { Injectable, Scope } from '@nestjs/common';

/**
 * Measures a request from its arrival. It is request-scoped, and a replay runs the handler again
 * with the same instances, so it measures across all passes.
 */
@Injectable({ scope: Scope.REQUEST })
export class RequestClock {
  private readonly start = performance.now();
  private readonly startLoop = performance.eventLoopUtilization();

  /** Milliseconds since the arrival. */
  get elapsed(): number {
    return performance.now() - this.start;
  }

  /** Share of the time since the arrival in which the event loop was busy, for any request. */
  get loopBusy(): number {
    return performance.eventLoopUtilization(this.startLoop).utilization;
  }
}
