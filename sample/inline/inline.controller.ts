import { Controller, Get, Header } from '@nestjs/common';
import { page } from '../page/page.js';
import { LatestRuns } from '../trace/latest-runs.js';
import { RequestClock } from '../trace/request-clock.js';
import { tracePanel } from '../trace/trace-panel.js';
import { InlineRun } from './inline-run.js';
import { inlinePortlets } from './inline-portlets.js';

/** The same page, computed on the event loop, which can't answer anyone else in the meantime. */
@Controller('inline')
export class InlineController {
  constructor(
    private readonly clock: RequestClock,
    private readonly runs: LatestRuns,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  async show(): Promise<string> {
    const run = new InlineRun(this.clock);
    const portlets = await inlinePortlets(run);
    this.runs.record('inline', run.trace.total);
    return page({ way: 'inline', runs: this.runs, trace: tracePanel(run.trace), portlets });
  }
}
