import { Controller, Get } from '@nestjs/common';
import { Future, Futures, type FuturesService, taskFile as load } from 'nestjs-futures';
import { sum } from '../sum.js';

const tasks = load<typeof import('../tasks/report.tasks.js')>(
  // The bundler emits it as a file of its own.
  new URL('../tasks/report.tasks.js', import.meta.url),
);
const OTHER = new URL(`./report.tasks.js`, import.meta.url);
const others = load<typeof import('./report.tasks.js')>(OTHER, { name: 'other' });

@Controller()
export class DeskController {
  @Get('thread')
  thread(@Futures() futures: FuturesService) {
    return futures.resultOrSubmit('report', undefined, tasks.report, sum(1, 2), 4);
  }

  @Get('process')
  process(@Futures() futures: FuturesService) {
    const elsewhere = futures.using({ executor: 'process' });
    return elsewhere.resultOrSubmit('report', undefined, tasks.report, 3, 4);
  }

  @Get('inline')
  inline(@Futures() futures: FuturesService) {
    const here = futures.using({ executor: 'inline' });
    return here.resultOrSubmit('report', undefined, tasks.report, 3, 4);
  }

  @Get('declared')
  declared(@Future('report', { task: tasks.report, args: () => [3, 4] }) report: unknown) {
    return report;
  }

  @Get('other')
  other(@Futures() futures: FuturesService) {
    return { file: futures.resultOrSubmit('other', '', others.which) };
  }

  @Get('name')
  name(@Futures() futures: FuturesService) {
    const { missing } = tasks as unknown as { missing: () => string };
    try {
      return futures.resultOrSubmit('missing', '', missing);
    } catch (error) {
      return { task: (error as { task?: string }).task };
    }
  }
}
