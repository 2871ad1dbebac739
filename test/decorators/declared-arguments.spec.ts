import {
  Body,
  Controller,
  Get,
  Injectable,
  Param,
  ParseIntPipe,
  Post,
  Query,
  Scope,
  UsePipes,
  ValidationPipe,
  type ExecutionContext,
  type PipeTransform,
} from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { IsInt, IsString, Min } from 'class-validator';
import { Future, validated, type ReplayMode } from '../../src/index.js';
import { onEachAdapter, type TestApp } from '../support/app.js';
import { latch } from '../support/latch.js';
import { RecordingExecutor } from '../support/recording-executor.js';
import { tasks } from '../support/tasks.js';

const modes: ReplayMode[] = ['handler', 'request'];

class Order {
  @IsInt()
  @Min(1)
  n!: number;
  @IsString()
  name!: string;
}

class Search {
  @IsString()
  q!: string;
}

function post(app: TestApp, body: unknown, path = '/') {
  return app.get(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
}

const numberOfOrder = async (context: ExecutionContext): Promise<[number, number]> => {
  const order = await validated(context, 'body', Order);
  return [order.n, 1];
};

onEachAdapter('the arguments of a declared future', (start) => {
  it('may be a promise; the handler is called once, with the value', async () => {
    const order: string[] = [];
    @Controller()
    class Desk {
      @Get(':n')
      page(
        @Future('sum', {
          task: tasks.add,
          args: async (context) => {
            const { params } = context.switchToHttp().getRequest<{ params: { n: string } }>();
            await new Promise(setImmediate);
            order.push('args');
            return [Number(params.n), 1];
          },
        })
        sum: number,
      ) {
        order.push('handler');
        return { sum };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect(await app.get('/4')).toMatchObject({ status: 200, body: { sum: 5 } });
    expect(order).toEqual(['args', 'handler']);
  });

  it('fail the request with their own error, and no task runs', async () => {
    const executor = new RecordingExecutor();
    @Controller()
    class Desk {
      @Get()
      page(
        @Future('sum', {
          task: tasks.add,
          args: () => Promise.reject<[number, number]>(new Error('no such order')),
        })
        sum: number,
      ) {
        return { sum };
      }
    }
    const app = await start({
      controllers: [Desk],
      futures: { executors: { recording: executor }, executor: 'recording' },
    });
    expect((await app.get('/')).status).toBe(500);
    expect(app.log.errors.join()).toContain('no such order');
    expect(executor.batches).toEqual([]);
  });

  it('may be computed late or immediately; each value goes to its parameter', async () => {
    const gate = latch();
    @Controller()
    class Desk {
      @Get()
      page(
        @Future('late', {
          task: tasks.add,
          args: async () => {
            await gate.opened;
            return [1, 2];
          },
        })
        late: number,
        @Future('now', {
          task: () => {
            gate.open();
            return 'now';
          },
        })
        now: string,
      ) {
        return { late, now };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).body).toEqual({ late: 3, now: 'now' });
  });
});

onEachAdapter('a declared future that cannot be made from the request', (start) => {
  const numberOf = (context: ExecutionContext) =>
    context.switchToHttp().getRequest<{ body: { order: { n: number } } }>().body.order.n;

  @Controller()
  class Desk {
    @Post('args')
    args(
      @Body() _order: Order,
      @Future('n', { task: tasks.add, args: (context) => [numberOf(context), 1] }) n: number,
    ) {
      return { n };
    }
    @Post('late')
    late(
      @Body() _order: Order,
      @Future('n', { task: tasks.add, args: async (context) => [numberOf(context), 1] }) n: number,
    ) {
      return { n };
    }
    @Post('key')
    key(@Body() _order: Order, @Future((context) => `${numberOf(context)}`) n: unknown) {
      return { n };
    }
    @Post('declared-key')
    declaredKey(
      @Body() _order: Order,
      @Future((context) => `${numberOf(context)}`, { task: () => 1 }) n: number,
    ) {
      return { n };
    }
  }

  it.each(['/args', '/late', '/key', '/declared-key'])(
    'lets a pipe that refuses the request answer it: POST %s',
    async (path) => {
      const app = await start({
        controllers: [Desk],
        setup: (it) => it.useGlobalPipes(new ValidationPipe()),
      });
      for (const body of [{ name: 'Ada' }, undefined]) {
        expect(await post(app, body, path)).toMatchObject({ status: 400 });
      }
      expect(app.log.errors).toEqual([]);
      // With a body that is fine, its own error is the answer.
      expect(await post(app, { n: 1, name: 'Ada' }, path)).toMatchObject({ status: 500 });
      expect(app.log.errors.join()).toContain('TypeError');
    },
  );
});

onEachAdapter('validated()', (start) => {
  it.each(modes)(
    'refuses bad input with 400 before the task of a declared future runs (replay: %s)',
    async (replay) => {
      const executor = new RecordingExecutor();
      @Controller()
      class Desk {
        @Post()
        order(
          @Body() order: Order,
          @Future('n', { task: tasks.add, args: numberOfOrder }) n: number,
        ) {
          return { n, isOrder: order instanceof Order };
        }
      }
      const app = await start({
        controllers: [Desk],
        futures: { replay, executors: { recording: executor }, executor: 'recording' },
        setup: (it) => it.useGlobalPipes(new ValidationPipe({ transform: true })),
      });
      for (const body of [{ n: 'four', name: 'Ada' }, { n: 0, name: 'Ada' }, {}, undefined]) {
        expect(await post(app, body)).toMatchObject({ status: 400, body: { statusCode: 400 } });
      }
      expect(executor.batches).toEqual([]);
      expect(app.log.errors).toEqual([]);
      expect(await post(app, { n: 4, name: 'Ada' })).toMatchObject({
        status: 201,
        body: { n: 5, isOrder: true },
      });
    },
  );

  const pipe = new ValidationPipe({ transform: true });
  const places: [string, (it: object) => void][] = [
    ['on the class', (it) => UsePipes(pipe)(it as never)],
    [
      'on the method',
      (it) => {
        const { prototype } = it as { prototype: object };
        const descriptor = Object.getOwnPropertyDescriptor(prototype, 'order');
        UsePipes(ValidationPipe)(prototype, 'order', descriptor as PropertyDescriptor);
      },
    ],
  ];
  it.each(places)('runs the pipes %s', async (_, decorate) => {
    @Controller()
    class Desk {
      @Post()
      order(@Future('n', { task: tasks.add, args: numberOfOrder }) n: number) {
        return { n };
      }
    }
    decorate(Desk);
    const app = await start({ controllers: [Desk] });
    expect((await post(app, { n: 'four', name: 'Ada' })).status).toBe(400);
    expect(await post(app, { n: 4, name: 'Ada' })).toMatchObject({ status: 201, body: { n: 5 } });
  });

  it('runs pipes from APP_PIPE', async () => {
    @Controller()
    class Desk {
      @Post()
      order(@Future('n', { task: tasks.add, args: numberOfOrder }) n: number) {
        return { n };
      }
    }
    const app = await start({
      controllers: [Desk],
      providers: [{ provide: APP_PIPE, useClass: ValidationPipe }],
    });
    expect((await post(app, { n: 'four', name: 'Ada' })).status).toBe(400);
    expect(await post(app, { n: 4, name: 'Ada' })).toMatchObject({ status: 201, body: { n: 5 } });
  });

  it('validates query and parameters too, with the pipes it is given', async () => {
    const doubled: PipeTransform = {
      transform: (value: Search) => Object.assign(value, { q: value.q.repeat(2) }),
    };
    @Controller()
    class Desk {
      @Get('search/:n')
      page(
        @Param('n', ParseIntPipe) n: number,
        @Query() _search: Search,
        @Future('text', {
          task: tasks.echo,
          args: async (context) => [
            (await validated(context, 'query', Search, new ValidationPipe(), doubled)).q,
          ],
        })
        text: unknown,
      ) {
        return { n, text };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/search/4')).status).toBe(400);
    expect(await app.get('/search/4?q=ab')).toMatchObject({
      status: 200,
      body: { n: 4, text: 'abab' },
    });
  });

  it('fails with advice if there is no pipe, or only one that it cannot call', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest implements PipeTransform {
      transform(value: unknown) {
        return value;
      }
    }
    @Controller()
    class Desk {
      @Post()
      bare(@Future('n', { task: tasks.add, args: numberOfOrder }) n: number) {
        return { n };
      }
      @UsePipes(PerRequest)
      @Post('scoped')
      scoped(@Future('n', { task: tasks.add, args: numberOfOrder }) n: number) {
        return { n };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await post(app, { n: 4, name: 'Ada' })).status).toBe(500);
    expect((await post(app, { n: 4, name: 'Ada' }, '/scoped')).status).toBe(500);
    const [bare, scoped] = app.log.errors;
    expect(bare).toMatch(/Desk\.bare has no pipes.*validated\(context, 'body', Order, new Valid/);
    expect(scoped).toMatch(/PerRequest.*request-scoped.*validated\(context, 'body', Order, /);
  });
});
