import {
  Controller,
  Get,
  Inject,
  Injectable,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { tap } from 'rxjs';
import { Future, Futures, FuturesService, UseFutures } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { tasks } from '../support/tasks.js';

/** Tells a failed run of the handler from a successful one. */
function tracing(name: string, order: string[]): Type<NestInterceptor> {
  @Injectable()
  class Tracing implements NestInterceptor {
    intercept(_context: ExecutionContext, next: CallHandler) {
      return next.handle().pipe(
        tap({
          next: () => order.push(`${name} success`),
          error: () => order.push(`${name} failure`),
        }),
      );
    }
  }
  return Tracing;
}

const ARRANGEMENTS: [string, (list: Type[]) => Type[]][] = [
  ['first', (list) => list],
  ['last', (list) => list.toReversed()],
];

onEachAdapter('an inherited route', (start) => {
  it('is replayed if the base class injects FuturesService', async () => {
    abstract class Base {
      @Inject(FuturesService) private readonly futures!: FuturesService;
      @Get()
      page() {
        return { sum: this.futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
    }
    @Controller('a')
    class A extends Base {}
    @Controller('b')
    class B extends Base {}
    const app = await start({ controllers: [A, B] });
    expect((await app.get('/a')).body).toEqual({ sum: 3 });
    expect((await app.get('/b')).body).toEqual({ sum: 3 });
  });

  it('is replayed because of decorators on the base class', async () => {
    abstract class Base {
      @Get('futures')
      page(@Futures() futures: FuturesService) {
        return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
      @Get('declared')
      declared(@Future('sum', { task: tasks.add, args: () => [1, 2] }) sum: number) {
        return { sum };
      }
    }
    @UseFutures()
    abstract class Marked {
      @Get('marked')
      marked(@Future('sum', { task: tasks.add, args: () => [1, 2] }) sum: number) {
        return { sum };
      }
    }
    @Controller()
    class Desk extends Base {}
    @Controller()
    class MarkedDesk extends Marked {}
    const app = await start({ controllers: [Desk, MarkedDesk] });
    expect((await app.get('/futures')).body).toEqual({ sum: 3 });
    expect((await app.get('/declared')).body).toEqual({ sum: 3 });
    expect((await app.get('/marked')).body).toEqual({ sum: 3 });
  });

  it('may be overridden by a route without futures, and vice versa', async () => {
    abstract class Base {
      @Inject(FuturesService) protected readonly futures!: FuturesService;
      @Get('one')
      one(): object {
        return { sum: this.futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
      @Get('two')
      two(): object {
        return { sum: null };
      }
    }
    @Controller()
    class Desk extends Base {
      @Get('one')
      override one() {
        return { sum: null };
      }
      @Get('two')
      override two() {
        return super.one();
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/one')).body).toEqual({ sum: null });
    expect((await app.get('/two')).body).toEqual({ sum: 3 });
  });

  it.each(ARRANGEMENTS)(
    'may have interceptors in one class only, registered %s',
    async (_, arrange) => {
      const order: string[] = [];
      abstract class Base {
        @Get()
        page(@Futures() futures: FuturesService) {
          return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
        }
      }
      @UseInterceptors(tracing('traced', order))
      @Controller('traced')
      class Traced extends Base {}
      @Controller('bare')
      class Bare extends Base {}
      const app = await start({ controllers: arrange([Traced, Bare]) });
      expect((await app.get('/bare')).body).toEqual({ sum: 3 });
      expect(order).toEqual([]);
      expect((await app.get('/traced')).body).toEqual({ sum: 3 });
      expect(order).toEqual(['traced failure', 'traced success']);
    },
  );

  it.each(ARRANGEMENTS)('may use futures in one class only, registered %s', async (_, arrange) => {
    abstract class Base {
      @Get()
      page() {
        return this.body();
      }
      abstract body(): object;
    }
    @Controller('dynamic')
    class Dynamic extends Base {
      @Inject(FuturesService) private readonly futures!: FuturesService;
      body() {
        return { sum: this.futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
    }
    @Controller('plain')
    class Plain extends Base {
      body() {
        return { sum: null };
      }
    }
    const app = await start({ controllers: arrange([Dynamic, Plain]) });
    expect((await app.get('/dynamic')).body).toEqual({ sum: 3 });
    expect((await app.get('/plain')).body).toEqual({ sum: null });
  });

  it.each(ARRANGEMENTS)(
    'keeps each interceptor of its classes, registered %s',
    async (_, arrange) => {
      const order: string[] = [];
      @UseInterceptors(tracing('base', order))
      @Controller('base')
      class Base {
        @Get('plain')
        plain() {
          return {};
        }
        @Get('page')
        page(@Futures() futures: FuturesService) {
          return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
        }
      }
      @Controller('heir')
      class Heir extends Base {
        @Get('own')
        own() {
          return {};
        }
      }
      @UseInterceptors(tracing('sub', order))
      @Controller('sub')
      class Sub extends Base {}
      const app = await start({ controllers: arrange([Base, Heir, Sub]) });
      const traceOf = async (path: string) => {
        order.length = 0;
        expect((await app.get(path)).status).toBe(200);
        return order.join(', ');
      };
      expect(await traceOf('/base/plain')).toBe('base success');
      expect(await traceOf('/base/page')).toBe('base failure, base success');
      expect(await traceOf('/heir/own')).toBe('base success');
      expect(await traceOf('/heir/plain')).toBe('base success');
      expect(await traceOf('/heir/page')).toBe('base failure, base success');
      expect(await traceOf('/sub/plain')).toBe('sub success, base success');
      expect(await traceOf('/sub/page')).toBe(
        'sub failure, base failure, sub success, base success',
      );
    },
  );
});
