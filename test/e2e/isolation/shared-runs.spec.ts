import {
  Controller,
  Get,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { finalize, ReplaySubject, share, type Observable } from 'rxjs';
import { Futures, FuturesService, type ReplayMode } from '../../../src/index.js';
import { onEachAdapter } from '../../support/app.js';
import { latch } from '../../support/latch.js';
import { tasks } from '../../support/tasks.js';

const modes: ReplayMode[] = ['handler', 'request'];

function interceptor(
  intercept: (next: CallHandler, context: ExecutionContext) => Observable<unknown>,
): NestInterceptor {
  return { intercept: (context, next) => intercept(next, context) };
}

onEachAdapter('an interceptor', (start) => {
  it.each(modes)(
    'that lets equal requests share one run gives both the value (replay: %s)',
    async (replay) => {
      const running = new Map<string, Observable<unknown>>();
      let arrivals = 0;
      const bothAreHere = latch();
      const coalescing = interceptor((next, context) => {
        if (++arrivals === 2) bothAreHere.open();
        const { url } = context.switchToHttp().getRequest<{ url: string }>();
        const run =
          running.get(url) ??
          next.handle().pipe(
            finalize(() => running.delete(url)),
            share(),
          );
        running.set(url, run);
        return run;
      });
      @Controller()
      @UseInterceptors(coalescing)
      class Desk {
        @Get()
        async page(@Futures() futures: FuturesService) {
          await bothAreHere.opened;
          return { x: futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value') };
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      const answers = await Promise.all([app.get('/'), app.get('/')]);
      expect(answers.map(({ status, body }) => [status, body])).toEqual([
        [200, { x: 'value' }],
        [200, { x: 'value' }],
      ]);
      expect(app.log.errors).toEqual([]);
    },
  );

  it('that hands out one run for all of a request leads to an end, not to a loop', async () => {
    const runs = new WeakMap<object, Observable<unknown>>();
    const memoizing = interceptor((next, context) => {
      const request = context.switchToHttp().getRequest<object>();
      const run =
        runs.get(request) ??
        next.handle().pipe(share({ connector: () => new ReplaySubject(1), resetOnError: false }));
      runs.set(request, run);
      return run;
    });
    @Controller()
    @UseInterceptors(memoizing)
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        return { x: futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value') };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect(await app.get('/')).toMatchObject({ status: 500 });
    expect(app.log.errors).toHaveLength(1);
  });
});
