import { Controller, Get } from '@nestjs/common';
import { Futures, FuturesModule, FuturesService, taskFile } from 'nestjs-futures';
import { rootModule, type AppFile } from '../app-file.js';
import { PlainController } from './plain.js';

const tasks = taskFile<typeof import('../../tasks/echo.tasks.js')>(
  new URL('../../tasks/echo.tasks.js', import.meta.url),
);

@Controller()
class FutureController {
  @Get('future')
  future(@Futures() futures: FuturesService): object {
    return { values: [futures.resultOrSubmit('value', -1, tasks.echo<number>, 0)] };
  }
}

/** The same app with the module in its default setup, and with one more route that uses futures. */
export const apps: AppFile['apps'] = {
  request: rootModule([PlainController, FutureController], { imports: [FuturesModule.forRoot()] }),
  singleton: rootModule([PlainController, FutureController], {
    imports: [FuturesModule.forRoot({ scope: 'singleton' })],
  }),
};
