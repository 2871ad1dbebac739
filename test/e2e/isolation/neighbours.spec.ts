import {
  Controller,
  Get,
  GoneException,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import {
  catchError,
  concat,
  EMPTY,
  finalize,
  firstValueFrom,
  map,
  NEVER,
  of,
  retry,
  share,
  shareReplay,
  tap,
  throwError,
  timeout,
  type Observable,
} from 'rxjs';
import { Futures, FuturesService, type ReplayMode } from '../../../src/index.js';
import { onEachAdapter, type AppOptions } from '../../support/app.js';

function interceptor(
  intercept: (
    next: CallHandler,
    context: ExecutionContext,
  ) => Observable<unknown> | Promise<Observable<unknown>>,
): NestInterceptor {
  return { intercept: (context, next) => intercept(next, context) };
}

const modes: ReplayMode[] = ['handler', 'request'];

/** What an interceptor does with the outcome of a run, and how often the handler runs for it. */
const neighbours: [string, NestInterceptor, handlerRuns: number][] = [
  ['swallows errors', interceptor((next) => next.handle().pipe(catchError(() => of('lie')))), 2],
  [
    'answers errors with nothing',
    interceptor((next) => next.handle().pipe(catchError(() => EMPTY))),
    2,
  ],
  [
    'replaces errors',
    interceptor((next) =>
      next.handle().pipe(catchError(() => throwError(() => new GoneException()))),
    ),
    2,
  ],
  ['retries', interceptor((next) => next.handle().pipe(retry(2))), 4],
  ['wraps results', interceptor((next) => next.handle().pipe(map((data) => ({ data })))), 2],
  ['shares', interceptor((next) => next.handle().pipe(share())), 2],
  ['shares and replays', interceptor((next) => next.handle().pipe(shareReplay(1))), 2],
  ['limits the time', interceptor((next) => next.handle().pipe(timeout(10_000))), 2],
  [
    'awaits the result',
    interceptor(async (next) => of(await firstValueFrom(next.handle()).catch(() => 'lie'))),
    2,
  ],
  [
    'races the result',
    interceptor(async (next) => {
      const value = firstValueFrom(next.handle());
      return of(await Promise.race([value, value]));
    }),
    2,
  ],
];

onEachAdapter('beside an interceptor', (start) => {
  const places: [string, (it: NestInterceptor) => Partial<AppOptions>][] = [
    ['on the method', () => ({})],
    ['for all routes', (it) => ({ setup: (app) => void app.useGlobalInterceptors(it) })],
  ];
  const cases = neighbours.flatMap(([name, it, runs]) =>
    places.flatMap(([where, options]) =>
      modes.map((replay) => [name, where, replay, it, runs, options(it)] as const),
    ),
  );

  it.each(cases)(
    'that %s, %s, the placeholder stays unpublished (replay: %s)',
    async (name, where, replay, neighbour, runs, options) => {
      let handled = 0;
      const ran: string[] = [];
      @Controller()
      class Desk {
        @UseInterceptors(...(where === 'on the method' ? [neighbour] : []))
        @Get()
        page(@Futures() futures: FuturesService) {
          handled++;
          return { x: futures.resultOrSubmit('x', 'placeholder', () => (ran.push('x'), 'value')) };
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay }, ...options });
      const page = { x: 'value' };
      expect(await app.get('/')).toMatchObject({
        status: 200,
        body: name === 'wraps results' ? { data: page } : page,
      });
      expect(handled).toBe(runs);
      expect(ran).toEqual(['x']);
      expect(app.log.errors).toEqual([]);
    },
  );
});

onEachAdapter('an interceptor', (start) => {
  it.each(modes)('that logs sees each run, as it ended (replay: %s)', async (replay) => {
    const log: string[] = [];
    const logger = interceptor((next) => {
      log.push('start');
      return next.handle().pipe(
        tap({
          next: (value) => log.push(`value ${JSON.stringify(value)}`),
          error: (error: Error) => log.push(error.name),
        }),
        finalize(() => log.push('end')),
      );
    });
    @Controller()
    @UseInterceptors(logger)
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        return { x: futures.resultOrSubmit('x', 0, () => (log.push('task'), 1)) };
      }
    }
    const app = await start({ controllers: [Desk], futures: { replay } });
    expect((await app.get('/')).body).toEqual({ x: 1 });
    expect(log).toEqual([
      'start',
      'PassDiscardedError',
      'end',
      'task',
      'start',
      'value {"x":1}',
      'end',
    ]);
  });

  it.each(modes)('that gives up on a pass ends only that one (replay: %s)', async (replay) => {
    const order: string[] = [];
    const impatient = interceptor((next) =>
      next.handle().pipe(timeout(20), tap({ error: (error: Error) => order.push(error.name) })),
    );
    @Controller()
    @UseInterceptors(impatient)
    class Desk {
      @Get()
      async page(@Futures() futures: FuturesService) {
        const x = futures.resultOrSubmit('x', '', () => (order.push('task'), 'value'));
        if (!futures.isReplay) await new Promise(() => {});
        return x;
      }
    }
    const app = await start({ controllers: [Desk], futures: { replay } });
    expect(await app.get('/')).toMatchObject({ status: 200, text: 'value' });
    expect(order).toEqual(['TimeoutError', 'task']);
  });

  it('that limits the time of a run does not count the tasks, for which no run waits', async () => {
    const order: string[] = [];
    const patient = interceptor((next) =>
      next.handle().pipe(
        timeout(10_000),
        finalize(() => order.push('clock stopped')),
      ),
    );
    @Controller()
    @UseInterceptors(patient)
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('x', '', () => (order.push('task'), 'value'));
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).text).toBe('value');
    expect(order).toEqual(['clock stopped', 'task', 'clock stopped']);
  });

  it('that goes on after a discarded pass is stopped before the tasks start', async () => {
    const order: string[] = [];
    const stubborn = interceptor((next) =>
      next.handle().pipe(
        catchError(() => concat(of('lie'), NEVER)),
        finalize(() => order.push('stopped')),
      ),
    );
    @Controller()
    @UseInterceptors(stubborn)
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('x', '', () => (order.push('task'), 'value'));
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).text).toBe('value');
    expect(order).toEqual(['stopped', 'task', 'stopped']);
  });
});
