import { Controller, Get } from '@nestjs/common';
import { Futures, FuturesService, taskFile } from 'nestjs-futures';
import { rootModule, type AppFile } from '../app-file.js';
import { futuresModule } from '../futures-module.js';
import { rawPool } from '../raw-pool.js';

const echoTasks = taskFile<typeof import('../../tasks/echo.tasks.js')>(
  new URL('../../tasks/echo.tasks.js', import.meta.url),
);
const tasks = taskFile<typeof import('../../tasks/payload.tasks.js')>(
  new URL('../../tasks/payload.tasks.js', import.meta.url),
);
const echoPool = rawPool<object, readonly unknown[]>('echo.worker');
const stampPool = rawPool<Uint8Array, ArrayBuffer>('stamp.worker');

/** About 1 MB as JSON. */
const ROWS = Array.from({ length: 10_000 }, (_, i) => ({
  id: i,
  name: `row number ${i}`,
  price: i / 7,
  tags: ['a', 'b'],
  isNew: i % 2 === 0,
}));
const BYTES = 10 * 2 ** 20;

@Controller()
class RawController {
  @Get('object')
  async object(): Promise<object> {
    return { count: (await echoPool.run(ROWS)).length };
  }

  @Get('buffer')
  async buffer(): Promise<object> {
    const bytes = new Uint8Array(BYTES);
    const result = await stampPool.run(bytes, { transferList: [bytes.buffer] });
    return { count: result.byteLength };
  }
}

@Controller()
class FuturesController {
  @Get('object')
  object(@Futures() futures: FuturesService): object {
    const rows = futures.resultOrSubmit('rows', [], echoTasks.echo<typeof ROWS>, ROWS);
    return { count: rows.length };
  }

  @Get('buffer')
  buffer(@Futures() futures: FuturesService): object {
    if (futures.isReplay) return { count: futures.result<Uint8Array>('bytes').byteLength };
    const bytes = new Uint8Array(BYTES);
    return futures
      .using({ transferList: [bytes.buffer] })
      .resultOrSubmit('bytes', {}, tasks.stamp, bytes);
  }
}

export const apps: AppFile['apps'] = {
  raw: rootModule([RawController]),
  futures: rootModule([FuturesController], { imports: [futuresModule()] }),
};
