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
import { Future, Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter, startApp, type AppOptions } from '../support/app.js';
import { tasks } from '../support/tasks.js';

/** Tells a failed run of the handler from a successful one. */
function tracing(order: string[]): Type<NestInterceptor> {
  @Injectable()
  class Tracing implements NestInterceptor {
    intercept(_context: ExecutionContext, next: CallHandler) {
      return next.handle().pipe(
        tap({
          next: () => order.push('success'),
          error: () => order.push('failure'),
        }),
      );
    }
  }
  return Tracing;
}

/** A controller for one test, of singleton or of request scope. */
function desk(scope: 'request' | 'singleton'): Type {
  class Page {
    page(futures: FuturesService) {
      const where = futures.resultOrSubmit('where', null, tasks.where);
      const sum = where && futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
      return { onEventLoop: where?.threadId === 0, sum };
    }
  }
  @Controller()
  class Singleton extends Page {
    @Get()
    get(@Futures() futures: FuturesService) {
      return this.page(futures);
    }
  }
  @Controller()
  class PerRequest extends Page {
    @Inject(FuturesService) private readonly futures!: FuturesService;
    @Get()
    get() {
      return this.page(this.futures);
    }
  }
  return scope === 'request' ? PerRequest : Singleton;
}

onEachAdapter('two apps in one process', (start) => {
  it('have their own options and threads', async () => {
    const inline = await start({
      controllers: [desk('singleton')],
      futures: { executor: 'inline' },
    });
    const limited = await start({ controllers: [desk('singleton')], futures: { maxPasses: 2 } });
    expect((await inline.get('/')).body).toEqual({ onEventLoop: true, sum: 3 });
    expect((await limited.get('/')).status).toBe(500);
    expect(limited.log.errors.join()).toContain('ReplayLimitError');
    expect(inline.log.errors).toEqual([]);
  });
});

const SCOPES = ['singleton', 'request'] as const;

describe.each(SCOPES)('two apps that share one controller class (%s)', (scope) => {
  onEachAdapter('on the same adapter', (start) => {
    it('have their own options, and continue when another one is closed', async () => {
      const controllers = [desk(scope)];
      const inline = await start({ controllers, futures: { executor: 'inline' } });
      const threads = await start({ controllers });
      const limited = await start({ controllers, futures: { maxPasses: 2 } });
      const answers = await Promise.all([inline, threads, limited].map((app) => app.get('/')));
      expect(answers[0]?.body).toEqual({ onEventLoop: true, sum: 3 });
      expect(answers[1]?.body).toEqual({ onEventLoop: false, sum: 3 });
      expect(answers[2]?.status).toBe(500);
      await inline.close();
      await limited.close();
      expect((await threads.get('/')).body).toEqual({ onEventLoop: false, sum: 3 });
    });

    it.each(['first', 'last'])(
      'may differ in global interceptors: started %s',
      async (position) => {
        const order: string[] = [];
        const controllers = [desk(scope)];
        const traced: AppOptions = {
          controllers,
          setup: (app) => app.useGlobalInterceptors(new (tracing(order))()),
        };
        const bare: AppOptions = { controllers };
        const apps = [];
        for (const options of position === 'first' ? [traced, bare] : [bare, traced]) {
          apps.push(await start(options));
        }
        for (const app of apps) {
          expect((await app.get('/')).body).toEqual({ onEventLoop: false, sum: 3 });
        }
        expect(order).toEqual(['failure', 'failure', 'success']);
      },
    );
  });

  it('may run on different adapters', async () => {
    const controllers = [desk(scope)];
    const apps = [
      await startApp('express', { controllers }),
      await startApp('fastify', { controllers }),
    ];
    for (const app of apps) {
      expect((await app.get('/')).body).toEqual({ onEventLoop: false, sum: 3 });
    }
  });
});

onEachAdapter('an app that shares a controller class', (start) => {
  it('runs its own interceptors once per pass, whichever app came first', async () => {
    const order: string[] = [];
    @UseInterceptors(tracing(order))
    @Controller()
    class Desk {
      @UseInterceptors(tracing(order))
      @Get()
      page(@Futures() futures: FuturesService) {
        return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
    }
    for (let i = 0; i < 3; i++) {
      const app = await start({ controllers: [Desk] });
      order.length = 0;
      expect((await app.get('/')).body).toEqual({ sum: 3 });
      expect(order).toEqual(['failure', 'failure', 'success', 'success']);
    }
  });

  it('needs no FuturesModule if it has another provider instead of the one with futures', async () => {
    abstract class Portlet {
      abstract sum(): number;
    }
    @Injectable()
    class WithFutures extends Portlet {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {
        super();
      }
      sum() {
        return this.futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
      }
    }
    @UseInterceptors(tracing([]))
    @Controller()
    class Desk {
      @Inject(Portlet) private readonly portlet!: Portlet;
      @Get()
      page() {
        return { sum: this.portlet.sum() };
      }
    }
    const first = await start({
      controllers: [Desk],
      providers: [{ provide: Portlet, useClass: WithFutures }],
    });
    const second = await start({
      controllers: [Desk],
      providers: [{ provide: Portlet, useValue: { sum: () => 7 } }],
      futures: 'none',
    });
    expect((await first.get('/')).body).toEqual({ sum: 3 });
    expect((await second.get('/')).body).toEqual({ sum: 7 });
  });

  it('gets an error that recommends FuturesModule if it uses futures without it', async () => {
    @Controller()
    class Desk {
      @Get('imperative')
      imperative(@Futures() futures: FuturesService) {
        return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
      @Get('declared')
      declared(@Future('sum', { task: tasks.add, args: () => [1, 2] }) sum: number) {
        return { sum };
      }
    }
    const first = await start({ controllers: [Desk] });
    const second = await start({ controllers: [Desk], futures: 'none' });
    for (const path of ['/imperative', '/declared']) {
      expect((await first.get(path)).body).toEqual({ sum: 3 });
      expect((await second.get(path)).status).toBe(500);
    }
    expect(second.log.errors).toHaveLength(2);
    const [imperative, declared] = second.log.errors;
    expect(imperative).toMatch(/Desk\.imperative uses futures.*Import FuturesModule\.forRoot\(\)/);
    expect(declared).toMatch(/Desk\.declared uses futures.*Import FuturesModule\.forRoot\(\)/);
  });
});
