import {
  Catch,
  Controller,
  Get,
  GoneException,
  HttpException,
  Post,
  UseFilters,
  type ArgumentsHost,
  type ExceptionFilter,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import { Future, Futures, FuturesService, type ReplayMode } from '../../../src/index.js';
import { onEachAdapter, type AppOptions } from '../../support/app.js';
import { tasks } from '../../support/tasks.js';

interface Reply {
  status(code: number): Reply;
  send(body: unknown): unknown;
}

/** Catches all, keeps the names of what it caught, and answers. */
function catchAll(caught: string[]): ExceptionFilter {
  @Catch()
  class CatchAll implements ExceptionFilter {
    catch(error: Error, host: ArgumentsHost) {
      caught.push(`${error.name}: ${error.message}`);
      const status = error instanceof HttpException ? error.getStatus() : 500;
      host.switchToHttp().getResponse<Reply>().status(status).send({ caught: error.name });
    }
  }
  return new CatchAll();
}

type Binding = (filter: ExceptionFilter) => Pick<AppOptions, 'providers' | 'setup'>;

const bindings: [string, Binding][] = [
  ['useGlobalFilters', (filter) => ({ setup: (app) => void app.useGlobalFilters(filter) })],
  ['APP_FILTER', (filter) => ({ providers: [{ provide: APP_FILTER, useValue: filter }] })],
  ['@UseFilters', () => ({})],
];
const modes: ReplayMode[] = ['handler', 'request'];
const cases = bindings.flatMap(([name, binding]) =>
  modes.map((mode) => [name, mode, binding] as const),
);

function desk(filters: ExceptionFilter[]): Type {
  @UseFilters(...filters)
  @Controller()
  class Desk {
    @Get('value')
    value(@Futures() futures: FuturesService) {
      return { x: futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value') };
    }
    @Get('throws')
    throws(@Futures() futures: FuturesService) {
      futures.resultOrSubmit('x', '', tasks.echo, 'value');
      throw new GoneException(`in pass ${futures.pass}`);
    }
    @Get('fails')
    fails(@Futures() futures: FuturesService) {
      return futures.resultOrSubmit('x', '', tasks.fail, 'no paper');
    }
    @Post('declared')
    declared(@Future('x', { task: tasks.fail, args: () => ['no ink'] }) x: unknown) {
      return x;
    }
  }
  return Desk;
}

onEachAdapter('a catch-all exception filter', (start) => {
  it.each(cases)('by %s sees the last outcome only (replay: %s)', async (name, replay, binding) => {
    const caught: string[] = [];
    const filter = catchAll(caught);
    const app = await start({
      controllers: [desk(name === '@UseFilters' ? [filter] : [])],
      futures: { replay },
      ...binding(filter),
    });
    expect(await app.get('/value')).toMatchObject({ status: 200, body: { x: 'value' } });
    expect(caught).toEqual([]);
    expect(await app.get('/throws')).toMatchObject({ status: 410 });
    expect(await app.get('/fails')).toMatchObject({ body: { caught: 'OutOfPaperError' } });
    const declared = await app.get('/declared', { method: 'POST' });
    expect(declared).toMatchObject({ status: 500, body: { caught: 'OutOfPaperError' } });
    expect(caught).toEqual([
      'GoneException: in pass 2',
      'OutOfPaperError: no paper',
      'OutOfPaperError: no ink',
    ]);
  });

  it('sees no barrier, only what follows it', async () => {
    const caught: string[] = [];
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        const x = futures.resultOrSubmit('x', '', tasks.echo, 'value');
        futures.barrier();
        throw new GoneException(x);
      }
    }
    const app = await start({
      controllers: [Desk],
      setup: (nest) => nest.useGlobalFilters(catchAll(caught)),
    });
    expect((await app.get('/')).status).toBe(410);
    expect(caught).toEqual(['GoneException: value']);
  });

  it("of Nest's own base class answers and logs once", async () => {
    @Catch()
    class Everything extends BaseExceptionFilter {}
    const app = await start({
      controllers: [desk([])],
      setup: (nest) => nest.useGlobalFilters(new Everything(nest.get(HttpAdapterHost).httpAdapter)),
    });
    expect(await app.get('/value')).toMatchObject({ status: 200, body: { x: 'value' } });
    expect(app.log.errors).toEqual([]);
    expect((await app.get('/fails')).status).toBe(500);
    expect(app.log.errors).toHaveLength(1);
    expect(app.log.errors[0]).toContain('no paper');
  });
});
