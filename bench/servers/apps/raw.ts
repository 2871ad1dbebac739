import { Controller, Get, Scope } from '@nestjs/common';
import { Piscina } from 'piscina';
import { THREADS } from '../../threads.js';
import { rootModule, type AppFile } from '../app-file.js';

/*
 * What people write by hand: handlers that await piscina.run(). The pool is set up as well as can
 * be for tasks this short: no timing, no thread that ends, and piscina's default of threads that
 * sleep in Atomics.wait() between tasks, which is quicker here than `atomics: 'async'` and
 * `'disabled'`.
 */
const pool = new Piscina<number, number>({
  filename: new URL('../../tasks/echo.worker.js', import.meta.url).href,
  minThreads: THREADS,
  maxThreads: THREADS,
  recordTiming: false,
});

function many(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => pool.run(i)));
}

@Controller('raw')
class RawController {
  @Get('one')
  async one(): Promise<object> {
    return { values: [await pool.run(0)] };
  }

  @Get('ten')
  async ten(): Promise<object> {
    return { values: await many(10) };
  }

  @Get('fifty')
  async fifty(): Promise<object> {
    return { values: await many(50) };
  }
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController {
  @Get('one')
  async one(): Promise<object> {
    return { values: [await pool.run(0)] };
  }
}

export const apps: AppFile['apps'] = {
  piscina: rootModule([RawController, ScopedController]),
};
