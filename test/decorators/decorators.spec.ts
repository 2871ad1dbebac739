import {
  Body,
  Controller,
  DefaultValuePipe,
  Get,
  Injectable,
  ParseIntPipe,
  Post,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import {
  Future,
  Futures,
  FuturesArgumentError,
  FuturesOptionsError,
  FuturesService,
} from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { tasks } from '../support/tasks.js';

@Injectable()
class Shout implements PipeTransform {
  transform(value: unknown) {
    return `${String(value)}!`;
  }
}

/** The path parameter of the request. */
function idOf(context: ExecutionContext): string {
  return context.switchToHttp().getRequest<{ params: { id: string } }>().params.id;
}

function textOf(context: ExecutionContext): string {
  return context.switchToHttp().getRequest<{ body: { text: string } }>().body.text;
}

onEachAdapter("@Future('key')", (start) => {
  it('injects undefined, or its default, until the value is there', async () => {
    const seen: unknown[] = [];
    @Controller()
    class Desk {
      @Get()
      page(
        @Futures() futures: FuturesService,
        @Future('x') x: unknown,
        @Future('y', { default: 0 }) y: number,
      ) {
        seen.push([x, y]);
        futures.resultOrSubmit('x', '', tasks.echo, 'x');
        futures.resultOrSubmit('y', 0, tasks.add, 1, 2);
        return { x, y };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).body).toEqual({ x: 'x', y: 3 });
    expect(seen).toEqual([
      [undefined, 0],
      ['x', 3],
    ]);
  });

  it('applies pipes to the value and to the default', async () => {
    const seen: unknown[] = [];
    @Controller()
    class Desk {
      @Get()
      page(
        @Futures() futures: FuturesService,
        @Future('x', {}, new DefaultValuePipe('7'), ParseIntPipe) x: number,
        @Future('y', { default: 'wait' }, Shout) y: string,
      ) {
        seen.push([x, y]);
        futures.resultOrSubmit('x', '', tasks.echo, '42');
        futures.resultOrSubmit('y', '', tasks.echo, 'go');
        return {};
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).status).toBe(200);
    expect(seen).toEqual([
      [7, 'wait!'],
      [42, 'go!'],
    ]);
  });

  it('throws the error of the task', async () => {
    let runs = 0;
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService, @Future('x') x: unknown) {
        runs++;
        futures.submit('x', tasks.notFound, 'paper');
        return { x };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect(await app.get('/')).toMatchObject({ status: 404, body: { message: 'No paper' } });
    expect(runs).toBe(1);
  });

  it('takes its key from the request', async () => {
    @Controller()
    class Desk {
      @Get(':id')
      page(
        @Futures() futures: FuturesService,
        @Future((context) => `row ${idOf(context)}`, { default: null }) row: unknown,
      ) {
        futures.resultOrSubmit('row 7', null, tasks.echo, 'seven');
        return { row };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/7')).body).toEqual({ row: 'seven' });
    expect((await app.get('/8')).body).toEqual({ row: null });
  });
});

onEachAdapter("@Future('key', { task })", (start) => {
  it('computes the value before the handler, which runs once, also for a POST', async () => {
    const order: string[] = [];
    @Injectable()
    class Tracing implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler) {
        order.push('interceptor');
        return next.handle();
      }
    }
    const compute = (text: string) => {
      order.push('task');
      return text.toUpperCase();
    };
    @Controller()
    class Desk {
      @UseInterceptors(Tracing)
      @Post()
      create(
        @Body() body: object,
        @Future('loud', { task: compute, args: (context) => [textOf(context)] }) loud: string,
      ) {
        order.push('handler');
        return { ...body, loud };
      }
    }
    const app = await start({ controllers: [Desk] });
    const answer = await app.get('/', {
      method: 'POST',
      body: JSON.stringify({ text: 'hello' }),
      headers: { 'content-type': 'application/json' },
    });
    expect(answer).toMatchObject({ status: 201, body: { text: 'hello', loud: 'HELLO' } });
    expect(order).toEqual(['interceptor', 'task', 'handler']);
  });

  it('takes its key and its arguments from the request, and applies pipes to the value', async () => {
    @Controller()
    class Desk {
      @Get(':id')
      page(
        @Future((context) => `greeting ${idOf(context)}`, {
          task: tasks.greet,
          args: (context) => [idOf(context)],
        })
        greeting: string,
        @Future('shout', { task: tasks.greet, args: (context) => [idOf(context)] }, Shout)
        shout: string,
        @Futures() futures: FuturesService,
      ) {
        return {
          greeting,
          shout,
          keys: futures
            .report()
            .futures.map(({ key }) => key)
            .toSorted(),
        };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/7')).body).toEqual({
      greeting: 'Hello, 7',
      shout: 'Hello, 7!',
      keys: ['greeting 7', 'shout'],
    });
  });

  it('answers with the error of the task, and does not run the handler', async () => {
    let runs = 0;
    @Controller()
    class Desk {
      @Get('http')
      http(@Future('x', { task: tasks.notFound, args: () => ['paper'] }) _x: unknown) {
        runs++;
      }
      @Get('plain')
      plain(@Future('x', { task: tasks.fail, args: () => ['no paper'] }) _x: unknown) {
        runs++;
      }
    }
    const app = await start({ controllers: [Desk] });
    expect(await app.get('/http')).toMatchObject({ status: 404, body: { message: 'No paper' } });
    expect((await app.get('/plain')).status).toBe(500);
    expect(app.log.errors.join()).toMatch(/OutOfPaperError\]?: no paper/);
    expect(runs).toBe(0);
  });

  it('is refused where it is declared if the key, the task or an option is invalid', () => {
    const decorate: (...parameters: unknown[]) => unknown = Future as never;
    expect(() => decorate(7)).toThrow(FuturesArgumentError);
    expect(() => decorate('x', { task: 'render' })).toThrow(FuturesArgumentError);
    expect(() => decorate('x', { task: tasks.add, timeout: -1 })).toThrow(FuturesOptionsError);
  });

  it('fails the request if the key made from it is invalid', async () => {
    @Controller()
    class Desk {
      @Get()
      page(@Future(() => 7 as never, { task: tasks.where }) _x: unknown) {}
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).status).toBe(500);
    expect(app.log.errors.join()).toContain('ERR_FUTURES_ARGUMENT');
  });
});
