import {
  Controller,
  Get,
  Injectable,
  Render,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { map, tap } from 'rxjs';
import { Futures, FuturesService, UseFutures } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { tasks } from '../support/tasks.js';
import { useViews } from '../support/views.js';

onEachAdapter('templates', (start) => {
  const page = '<h1>Desk</h1>\n<p>3</p>\n<p>7</p>';

  for (const replay of ['handler', 'request'] as const) {
    it(`lets a synchronous template helper submit (replay: '${replay}')`, async () => {
      let runs = 0;
      let futures: FuturesService | undefined;
      @Controller()
      @UseFutures({ replay })
      class Desk {
        @Get()
        @Render('desk')
        show() {
          runs++;
          return { title: 'Desk' };
        }
      }
      const app = await start({
        controllers: [Desk],
        futures: { scope: 'singleton' },
        setup: (nest) => {
          futures = nest.get(FuturesService);
          return useViews(nest, {
            sum: (a: number, b: number) =>
              futures?.resultOrSubmit(`${a}+${b}`, 'placeholder', tasks.add, a, b),
          });
        },
      });
      const response = await app.get('/');
      expect(response).toMatchObject({ status: 200, text: page });
      expect(response.headers.get('content-type')).toContain('text/html');
      expect(runs).toBe(2);
    });
  }

  it('shows inner interceptors a failed run while a helper has futures pending', async () => {
    const order: string[] = [];
    @Injectable()
    class Transaction implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler) {
        return next.handle().pipe(
          tap({ next: () => order.push('commit'), error: () => order.push('rollback') }),
          map((model: object) => ({ ...model, title: 'Changed' })),
        );
      }
    }
    @Controller()
    class Desk {
      @Get()
      @Render('desk')
      @UseInterceptors(Transaction)
      show(@Futures() futures: FuturesService) {
        order.push(`pass ${futures.pass}`);
        return { title: 'Desk' };
      }
    }
    const app = await start({
      controllers: [Desk],
      futures: { scope: 'singleton' },
      setup: (nest) => {
        const futures = nest.get(FuturesService);
        return useViews(nest, {
          sum: (a: number, b: number) =>
            futures.resultOrSubmit(`${a}+${b}`, 'placeholder', tasks.add, a, b),
        });
      },
    });
    expect((await app.get('/')).text).toBe(page.replace('Desk', 'Changed'));
    expect(order).toEqual(['pass 1', 'rollback', 'pass 2', 'commit']);
  });

  it('fails with the error of a helper', async () => {
    @Controller()
    @UseFutures()
    class Desk {
      @Get()
      @Render('desk')
      show() {
        return { title: 'Desk' };
      }
    }
    const app = await start({
      controllers: [Desk],
      setup: (nest) =>
        useViews(nest, {
          sum: () => {
            throw new Error('helper broke');
          },
        }),
    });
    expect((await app.get('/')).status).toBe(500);
    expect(app.log.errors.join()).toContain('helper broke');
  });
});
