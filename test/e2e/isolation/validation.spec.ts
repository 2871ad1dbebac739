import {
  Body,
  Controller,
  Get,
  ParseIntPipe,
  Post,
  Query,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsInt, IsString, Min } from 'class-validator';
import { Future, Futures, FuturesService, type ReplayMode } from '../../../src/index.js';
import { onEachAdapter, type AppOptions, type TestApp } from '../../support/app.js';
import { tasks } from '../../support/tasks.js';

const modes: ReplayMode[] = ['handler', 'request'];

const strictest = (): ValidationPipe =>
  new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
  });

function post(app: TestApp, body: unknown) {
  return app.get('/', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

onEachAdapter('the ValidationPipe', (start) => {
  it.each(modes)('validates each pass over the same input (replay: %s)', async (replay) => {
    let transforms = 0;
    class Order {
      @IsInt()
      @Min(1)
      @Transform(({ value }) => (transforms++, Number(value)))
      n!: number;
      @IsString()
      name!: string;
    }
    const seen: unknown[] = [];
    @Controller()
    @UsePipes(strictest())
    class Desk {
      @Post()
      order(@Body() order: Order, @Futures() futures: FuturesService) {
        seen.push([order instanceof Order, order.n, order.name]);
        order.n += 100;
        return { n: futures.resultOrSubmit('n', 0, tasks.add, order.n, 1) };
      }
    }
    const app = await start({ controllers: [Desk], futures: { replay } });
    expect(await post(app, { n: '4', name: 'Ada' })).toMatchObject({ body: { n: 105 } });
    const valid = [true, 4, 'Ada'];
    expect(seen).toEqual([valid, valid]);
    expect(transforms).toBe(2);
  });

  it.each(modes)('refuses bad input before anything is submitted (replay: %s)', async (replay) => {
    class Order {
      @IsInt()
      n!: number;
    }
    let runs = 0;
    @Controller()
    class Desk {
      @Post()
      order(@Body() _order: Order, @Futures() futures: FuturesService) {
        runs++;
        return futures.resultOrSubmit('n', 0, tasks.add, 1, 1);
      }
    }
    const app = await start({
      controllers: [Desk],
      futures: { replay },
      setup: (nest) => nest.useGlobalPipes(strictest()),
    });
    expect(await post(app, { n: 'four' })).toMatchObject({
      status: 400,
      body: { message: ['n must be an integer number'] },
    });
    expect(await post(app, { n: 4, more: 1 })).toMatchObject({ status: 400 });
    expect(runs).toBe(0);
  });

  it('refuses bad input though a future was declared beside it', async () => {
    @Controller()
    class Desk {
      @Get()
      page(
        @Query('n', ParseIntPipe) n: number,
        @Future('sum', { task: tasks.add, args: () => [1, 2] }) sum: number,
      ) {
        return { n, sum };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/?n=4')).body).toEqual({ n: 4, sum: 3 });
    expect((await app.get('/?n=four')).status).toBe(400);
  });
});

class Report {
  @IsString()
  title!: string;
}

const customToo: AppOptions['setup'] = (nest) =>
  void nest.useGlobalPipes(new ValidationPipe({ transform: true, validateCustomDecorators: true }));

onEachAdapter('the ValidationPipe with validateCustomDecorators', (start) => {
  it('validates the value of a declared future, as the class of its parameter', async () => {
    const seen: unknown[] = [];
    @Controller()
    class Desk {
      @Get('good')
      good(@Future('x', { task: () => ({ title: 'Sales' }) }) report: Report) {
        seen.push(report instanceof Report);
        return report;
      }
      @Get('bad')
      bad(@Future('x', { task: () => ({ title: '' }), args: () => [] }) report: Report) {
        return report;
      }
      @Get('wrong')
      wrong(@Future('x', { task: () => JSON.parse('{"title":4}') as Report }) report: Report) {
        seen.push('wrong');
        return report;
      }
    }
    const app = await start({ controllers: [Desk], setup: customToo });
    expect(await app.get('/good')).toMatchObject({ status: 200, body: { title: 'Sales' } });
    expect(await app.get('/bad')).toMatchObject({ status: 200, body: { title: '' } });
    expect(await app.get('/wrong')).toMatchObject({
      status: 400,
      body: { message: ['title must be a string'] },
    });
    expect(seen).toEqual([true]);
  });

  it('validates the default of @Future(), then the value', async () => {
    const seen: unknown[] = [];
    @Controller()
    class Desk {
      @Get()
      page(
        @Future('x', { default: { title: '' } }) report: Report,
        @Futures() futures: Pick<FuturesService, 'isReplay' | 'submit'>,
      ) {
        seen.push([report instanceof Report, report.title]);
        if (!futures.isReplay) futures.submit('x', tasks.echo, { title: 'Sales' });
        return report;
      }
    }
    const app = await start({ controllers: [Desk], setup: customToo });
    expect(await app.get('/')).toMatchObject({ status: 200, body: { title: 'Sales' } });
    expect(seen).toEqual([
      [true, ''],
      [true, 'Sales'],
    ]);
  });

  it('leaves the service of @Futures() whole', async () => {
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        return { x: futures.using({}).resultOrSubmit('x', '', tasks.echo, 'value') };
      }
    }
    const app = await start({ controllers: [Desk], setup: customToo });
    expect(await app.get('/')).toMatchObject({ status: 200, body: { x: 'value' } });
  });
});
