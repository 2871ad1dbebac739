import { Controller, Get, Inject, Injectable, Param } from '@nestjs/common';
import { Future, Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { tasks } from '../support/tasks.js';

onEachAdapter('replay', (start) => {
  it('publishes the value, and the placeholder never reaches the client', async () => {
    const passes: unknown[] = [];
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        const value = futures.resultOrSubmit('sum', 'placeholder', tasks.add, 1, 2);
        passes.push([futures.pass, futures.isReplay, value]);
        return { value };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect(await app.get('/')).toMatchObject({ status: 200, body: { value: 3 } });
    expect(passes).toEqual([
      [1, false, 'placeholder'],
      [2, true, 3],
    ]);
  });

  it('serves a request-scoped service to code deep in the controller', async () => {
    @Injectable()
    class Portlet {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
      render(name: string) {
        return this.futures.resultOrSubmit(`greet:${name}`, '…', tasks.greet, name);
      }
    }
    @Controller()
    class Desk {
      constructor(@Inject(Portlet) private readonly portlet: Portlet) {}
      @Get(':name')
      page(@Param('name') name: string) {
        return `<p>${this.portlet.render(name)}</p>`;
      }
    }
    const app = await start({ controllers: [Desk], providers: [Portlet] });
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => app.get(`/n${i}`)));
    expect(all.map(({ text }) => text)).toEqual(
      Array.from({ length: 20 }, (_, i) => `<p>Hello, n${i}</p>`),
    );
  });

  it('injects declared values before the handler runs, once', async () => {
    let runs = 0;
    @Controller()
    class Desk {
      @Get(':n')
      page(
        @Future('a', { task: tasks.add, args: () => [1, 2] }) a: number,
        @Future('b', {
          task: tasks.echo,
          args: (context) => [context.switchToHttp().getRequest().params.n],
        })
        b: unknown,
      ) {
        runs++;
        return { a, b };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/7')).body).toEqual({ a: 3, b: '7' });
    expect(runs).toBe(1);
  });

  it('fails with the error of the task', async () => {
    @Controller()
    class Desk {
      @Get('plain')
      plain(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('x', '', tasks.fail, 'no paper');
      }
      @Get('http')
      http(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('x', '', tasks.notFound, 'chart');
      }
    }
    const app = await start({ controllers: [Desk] });
    expect(await app.get('/plain')).toMatchObject({ status: 500 });
    expect(app.log.errors.join()).toContain('no paper');
    expect(await app.get('/http')).toMatchObject({
      status: 404,
      body: { message: 'No chart', hint: 'look elsewhere' },
    });
  });
});
