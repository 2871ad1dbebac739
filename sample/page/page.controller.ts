import { Controller, Get, Header, Inject } from '@nestjs/common';
import { FuturesService } from 'nestjs-futures';
import type { Portlet } from '../portlets/portlet.js';
import { PORTLETS } from '../portlets/portlets.js';
import { LatestRuns } from '../trace/latest-runs.js';
import { RequestClock } from '../trace/request-clock.js';
import { traceOfFutures } from '../trace/trace-of-futures.js';
import { tracePanel } from '../trace/trace-panel.js';
import { page } from './page.js';

/**
 * The page with futures. It combines what the portlets return, and doesn't know what they wait for:
 * the first pass collects what all of them ask for, and the second pass has it.
 */
@Controller()
export class PageController {
  constructor(
    @Inject(PORTLETS) private readonly portlets: readonly Portlet[],
    private readonly futures: FuturesService,
    private readonly clock: RequestClock,
    private readonly runs: LatestRuns,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  show(): string {
    const portlets = this.portlets.map((portlet) => portlet.render());

    // Only for the panel that shows what happened; your own page doesn't need it.
    const report = this.futures.report();
    const trace = traceOfFutures(report, this.clock);
    if (report.futures.every(({ status }) => status !== 'pending')) {
      this.runs.record('futures', trace.total);
    }
    return page({ way: 'futures', runs: this.runs, trace: tracePanel(trace), portlets });
  }
}
