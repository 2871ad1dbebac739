import { Controller, Get, Param } from '@nestjs/common';
import { Futures, FuturesService, taskFile } from 'nestjs-futures';

export const tasks = taskFile<typeof import('./print.tasks.js')>(
  new URL('./print.tasks.js', import.meta.url),
);

@Controller()
export class PageController {
  @Get(':name')
  page(@Param('name') name: string, @Futures() futures: FuturesService): string {
    const print = futures.resultOrSubmit('print', 'not yet', tasks.fingerprint, name);
    return `${name} ${print}\n`;
  }
}
