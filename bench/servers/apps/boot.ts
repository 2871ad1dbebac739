import { Controller, Get } from '@nestjs/common';
import { rootModule, type AppFile } from '../app-file.js';
import { PlainController } from './plain.js';

/** The same routes as the app with the module. */
@Controller()
class PlainFutureController {
  @Get('future')
  future(): object {
    return { values: [0] };
  }
}

/** The hand-written way: the pool is created when it is first needed. */
@Controller()
class RawController {
  #pool: Promise<{ run(value: number): Promise<unknown> }> | undefined;

  @Get('future')
  async first(): Promise<object> {
    this.#pool ??= import('../raw-pool.js').then(({ rawPool }) => rawPool('echo.worker'));
    return { values: [await (await this.#pool).run(0)] };
  }
}

export const apps: AppFile['apps'] = {
  without: rootModule([PlainController, PlainFutureController]),
  raw: rootModule([PlainController, RawController]),
};
