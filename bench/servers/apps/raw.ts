import { Controller, Get, Scope } from '@nestjs/common';
import { rootModule, type AppFile } from '../app-file.js';
import { rawPool } from '../raw-pool.js';

// What people write by hand: handlers that await piscina.run().
const pool = rawPool<number, number>('echo.worker');

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
