import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import {
  Controller,
  Get,
  Res,
  StreamableFile,
  UseInterceptors,
  type CallHandler,
} from '@nestjs/common';
import { map } from 'rxjs';
import { Future, Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { temporaryFile } from '../support/open-files.js';
import { tasks } from '../support/tasks.js';

/** Bodies of the text `page`, made of a file that holds it. */
const STREAMS: [string, (path: string) => unknown][] = [
  ['StreamableFile of a file', (path) => new StreamableFile(createReadStream(path))],
  ['StreamableFile of a buffer', () => new StreamableFile(Buffer.from('page'))],
  ['Node stream', (path) => createReadStream(path)],
  ['web stream', (path) => Readable.toWeb(createReadStream(path))],
  ['web Response', () => new Response('page')],
  ['async iterable', () => Readable.from(['page'])],
];

onEachAdapter('strict', (start) => {
  const strict = { strict: true } as const;

  it('is silent about a route that is safe to replay, and answers as without it', async () => {
    const passes: number[] = [];
    @Controller()
    class Desk {
      @Get()
      page(
        @Futures() futures: FuturesService,
        @Res({ passthrough: true }) response: { header(name: string, value: string): unknown },
      ) {
        passes.push(futures.pass);
        response.header('x-pass', String(futures.pass));
        return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
    }
    const app = await start({ controllers: [Desk], futures: strict });
    const response = await app.get('/');
    expect(response).toMatchObject({ status: 200, body: { sum: 3 } });
    expect(response.headers.get('x-pass')).toBe('2');
    expect(passes).toEqual([1, 2, 3]);
    expect(app.log.errors).toEqual([]);
  });

  it('names the route and the key that differs', async () => {
    let clock = 0;
    @Controller('desk')
    class Desk {
      @Get(':id')
      page(@Futures() futures: FuturesService) {
        futures.resultOrSubmit('fixed', 0, tasks.add, 1, 2);
        return { at: futures.result(`at ${clock++}`, null) };
      }
    }
    const app = await start({ controllers: [Desk], futures: strict });
    expect(await app.get('/desk/7?x=1')).toMatchObject({ status: 200 });
    expect(app.log.errors).toHaveLength(1);
    expect(app.log.errors[0]).toContain(
      'GET /desk/7 (Desk.page) is not safe to replay: the key "at 1" was asked for once, and "at 2" instead of it',
    );
  });

  it('names the arguments that differ', async () => {
    let clock = 0;
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('x', null, tasks.echo, { at: clock++ });
      }
    }
    const app = await start({ controllers: [Desk], futures: strict });
    expect((await app.get('/')).body).toEqual({ at: 0 });
    expect(app.log.errors.join()).toContain(
      'other arguments than it is asked for with in the end: args[0].at: 0, then 1',
    );
  });

  it("compares the handler's own result, behind other interceptors", async () => {
    const seen: string[] = [];
    @Controller()
    class Desk {
      @Get()
      @UseInterceptors({
        intercept: (_context: unknown, next: CallHandler) =>
          next.handle().pipe(map((value: object) => ({ ...value, wrapped: true }))),
      })
      page(
        @Future('x', { task: tasks.add, args: () => [1, 2] }) x: number,
        @Futures() _f: unknown,
      ) {
        seen.push('run');
        return { x, runs: seen.length };
      }
    }
    const app = await start({ controllers: [Desk], futures: strict });
    expect((await app.get('/')).body).toEqual({ x: 3, runs: 1, wrapped: true });
    expect(app.log.errors.join()).toContain('the result differs at result.runs: 1, then 2');
  });

  it('reports a handler that fails when it is repeated, and keeps the response', async () => {
    let runs = 0;
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        const sum = futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
        if (++runs === 3) throw new Error('twice is too much');
        return { sum };
      }
    }
    const app = await start({ controllers: [Desk], futures: strict });
    expect(await app.get('/')).toMatchObject({ status: 200, body: { sum: 3 } });
    expect(app.log.errors.join()).toContain('the handler threw when repeated: Error: twice');
  });

  it('runs nothing extra when it is off', async () => {
    const passes: number[] = [];
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        passes.push(futures.pass);
        return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
    }
    const app = await start({ controllers: [Desk] });
    await app.get('/');
    expect(passes).toEqual([1, 2]);
  });

  it.each(STREAMS)('is silent about a %s, and sends it', async (_, open) => {
    const path = temporaryFile('page');
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
        return open(path);
      }
    }
    const app = await start({ controllers: [Desk], futures: strict });
    expect(await app.get('/')).toMatchObject({ status: 200, text: 'page' });
    expect(app.log.errors).toEqual([]);
  });

  it.each<[string, (pass: number) => unknown, string]>([
    [
      'headers',
      (pass) => new StreamableFile(Buffer.from('x'), { disposition: `pass ${pass}` }),
      "result.headers.disposition: 'pass 2', then 'pass 3'",
    ],
    [
      'length',
      (pass) => new StreamableFile(Buffer.from('x'.repeat(pass))),
      'result.headers.length: 2, then 3',
    ],
    [
      'kind',
      (pass) => (pass === 3 ? { late: true } : new StreamableFile(Buffer.from('x'))),
      'the result differs at result.headers: {',
    ],
  ])('names the %s of a stream that differs', async (_, open, difference) => {
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
        return open(futures.pass);
      }
    }
    const app = await start({ controllers: [Desk], futures: strict });
    expect((await app.get('/')).status).toBe(200);
    expect(app.log.errors).toEqual([expect.stringContaining(difference)]);
  });
});
