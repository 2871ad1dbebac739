import { performance } from 'node:perf_hooks';
import { Injectable, Scope } from '@nestjs/common';

/**
 * Measures a request from its arrival on. It is of request scope, and a replay runs the handler
 * again with the same instances: what it has measured goes on through all passes.
 */
@Injectable({ scope: Scope.REQUEST })
export class RequestClock {
  private readonly start = performance.now();
  private readonly startLoop = performance.eventLoopUtilization();

  /** Milliseconds since the arrival. */
  get elapsed(): number {
    return performance.now() - this.start;
  }

  /** Share of the time since the arrival in which the event loop was busy, for whomever. */
  get loopBusy(): number {
    return performance.eventLoopUtilization(this.startLoop).utilization;
  }
}
