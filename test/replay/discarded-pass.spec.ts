import {
  Catch,
  Controller,
  Get,
  GoneException,
  UseFilters,
  UseInterceptors,
  type ArgumentsHost,
  type CallHandler,
  type ExceptionFilter,
  type NestInterceptor,
} from '@nestjs/common';
import {
  catchError,
  concatMap,
  EMPTY,
  finalize,
  lastValueFrom,
  of,
  retry,
  throwError,
  type Observable,
} from 'rxjs';
import { Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { tasks } from '../support/tasks.js';

/** What Express and Fastify have in common. */
interface Reply {
  status(code: number): Reply;
  send(body: unknown): unknown;
}

function interceptor(
  intercept: (next: CallHandler) => Observable<unknown> | Promise<Observable<unknown>>,
): NestInterceptor {
  return { intercept: (_context, next) => intercept(next) };
}

onEachAdapter('a discarded pass', (start) => {
  const meddlers: [string, NestInterceptor, handlerRuns: number][] = [
    ['swallows', interceptor((next) => next.handle().pipe(catchError(() => of({ x: 'lie' })))), 2],
    ['empties', interceptor((next) => next.handle().pipe(catchError(() => EMPTY))), 2],
    [
      'replaces',
      interceptor((next) =>
        next.handle().pipe(catchError(() => throwError(() => new GoneException()))),
      ),
      2,
    ],
    ['retries', interceptor((next) => next.handle().pipe(retry(2))), 4],
    [
      'retries later',
      interceptor((next) => next.handle().pipe(retry({ count: 1, delay: () => of(null) }))),
      3,
    ],
    [
      'awaits',
      interceptor(async (next) => {
        const value: unknown = await lastValueFrom(next.handle()).catch(() => ({ x: 'lie' }));
        return of(value);
      }),
      2,
    ],
  ];

  it.each(meddlers)('stays discarded if an interceptor %s its error', async (_, meddler, runs) => {
    let handled = 0;
    const ran: string[] = [];
    @Controller()
    class Desk {
      @UseInterceptors(meddler)
      @Get()
      page(@Futures() futures: FuturesService) {
        handled++;
        return { x: futures.resultOrSubmit('x', 'placeholder', () => (ran.push('x'), 'value')) };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect(await app.get('/')).toMatchObject({ status: 200, body: { x: 'value' } });
    expect(handled).toBe(runs);
    expect(ran).toEqual(['x']);
    expect(app.log.errors).toEqual([]);
  });

  it('stays discarded if a global interceptor swallows its error', async () => {
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        return { x: futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value') };
      }
    }
    const swallows = meddlers[0]?.[1] as NestInterceptor;
    const app = await start({
      controllers: [Desk],
      setup: (nest) => nest.useGlobalInterceptors(swallows),
    });
    expect((await app.get('/')).body).toEqual({ x: 'value' });
  });

  it('is no success to an interceptor, which can clean up after it', async () => {
    const order: string[] = [];
    const observer = interceptor((next) =>
      next.handle().pipe(
        concatMap((value) => {
          order.push(`cached ${JSON.stringify(value)}`);
          return of(value);
        }),
        finalize(() => order.push('cleaned up')),
      ),
    );
    @Controller()
    class Desk {
      @UseInterceptors(observer)
      @Get()
      page(@Futures() futures: FuturesService) {
        return { x: futures.resultOrSubmit('x', 0, () => (order.push('task'), 1)) };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).body).toEqual({ x: 1 });
    expect(order).toEqual(['cleaned up', 'task', 'cached {"x":1}', 'cleaned up']);
  });

  it('never reaches an exception filter', async () => {
    const caught: string[] = [];
    @Catch()
    class Keeper implements ExceptionFilter {
      catch(exception: Error, host: ArgumentsHost) {
        caught.push(exception.message);
        host.switchToHttp().getResponse<Reply>().status(410).send({});
      }
    }
    @UseFilters(Keeper)
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        futures.resultOrSubmit('x', '', tasks.echo, 'value');
        throw new GoneException(`pass ${futures.pass}`);
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).status).toBe(410);
    expect(caught).toEqual(['pass 2']);
  });
});
