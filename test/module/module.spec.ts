import { Controller, Get, Inject, Injectable, Module, type Type } from '@nestjs/common';
import {
  Futures,
  FuturesModule,
  FuturesService,
  WorkerPool,
  type FuturesModuleOptions,
} from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { tasks } from '../support/tasks.js';

/** A controller that tells where its task ran. */
function desk(): Type {
  @Controller()
  class Desk {
    @Get()
    page(@Futures() futures: FuturesService) {
      const where = futures.resultOrSubmit('where', null, tasks.where);
      return { onEventLoop: where?.threadId === 0 };
    }
  }
  return Desk;
}

/** A controller that injects the service. */
function inside(): Type {
  @Controller('inside')
  class Inside {
    constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
    @Get()
    page() {
      return { sum: this.futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
    }
  }
  return Inside;
}

/** A controller that counts its instances. */
function counted(): { made: object[]; Desk: Type } {
  const made: object[] = [];
  @Controller()
  class Desk {
    constructor(@Inject(FuturesService) private readonly futures: FuturesService) {
      made.push(futures);
    }
    @Get()
    page() {
      return { sum: this.futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
    }
  }
  return { made, Desk };
}

onEachAdapter('FuturesModule.forRoot()', (start) => {
  it('works without options', async () => {
    const app = await start({ controllers: [desk()], futures: FuturesModule.forRoot() });
    expect((await app.get('/')).body).toEqual({ onEventLoop: false });
  });

  it('takes options, and keeps the default of an undefined one', async () => {
    const futures = FuturesModule.forRoot({
      executor: 'inline',
      timeout: undefined,
      threads: { max: undefined },
    });
    const app = await start({ controllers: [desk()], futures });
    expect((await app.get('/')).body).toEqual({ onEventLoop: true });
  });
});

onEachAdapter('FuturesModule.forRootAsync()', (start) => {
  @Injectable()
  class Settings {
    readonly executor = 'inline';
    createFuturesOptions(): FuturesModuleOptions {
      return { executor: this.executor };
    }
  }
  @Module({ providers: [Settings], exports: [Settings] })
  class SettingsModule {}

  it.each([
    [
      'useFactory',
      () =>
        FuturesModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: async ({ executor }: Settings) => {
            await new Promise(setImmediate);
            return { executor };
          },
        }),
    ],
    ['useClass', () => FuturesModule.forRootAsync({ useClass: Settings })],
    [
      'useExisting',
      () => FuturesModule.forRootAsync({ imports: [SettingsModule], useExisting: Settings }),
    ],
  ])('takes options by %s', async (_, futures) => {
    const app = await start({ controllers: [desk()], futures: futures() });
    expect((await app.get('/')).body).toEqual({ onEventLoop: true });
  });

  it('takes extras beside the factory', async () => {
    const futures = FuturesModule.forRootAsync({ scope: 'singleton', useFactory: () => ({}) });
    const app = await start({ controllers: [desk()], futures });
    expect(app.app.get(FuturesService)).toBeInstanceOf(FuturesService);
    expect((await app.get('/')).body).toEqual({ onEventLoop: false });
  });

  it('validates the options that the factory returns', async () => {
    const futures = FuturesModule.forRootAsync({ useFactory: () => ({ maxPasses: 0 }) });
    await expect(start({ futures })).rejects.toThrow('"maxPasses"');
  });
});

onEachAdapter('isGlobal', (start) => {
  it('makes its providers available in every module by default', async () => {
    @Module({ controllers: [inside()] })
    class Elsewhere {}
    const app = await start({ imports: [Elsewhere] });
    expect((await app.get('/inside')).body).toEqual({ sum: 3 });
    expect(app.app.get(WorkerPool)).toBeInstanceOf(WorkerPool);
  });

  it('makes its providers available only where it is imported, if false', async () => {
    const futures = FuturesModule.forRoot({ isGlobal: false });
    @Module({ imports: [futures], controllers: [inside()] })
    class WithFutures {}
    const app = await start({ futures: 'none', imports: [WithFutures] });
    expect((await app.get('/inside')).body).toEqual({ sum: 3 });

    @Module({ controllers: [inside()] })
    class Without {}
    await expect(start({ futures, imports: [Without] })).rejects.toThrow(/FuturesService/);
  });
});

onEachAdapter('scope', (start) => {
  it('of a request gives each request one service and one controller for all its passes', async () => {
    const { made, Desk } = counted();
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
    expect(new Set(made).size).toBe(2);
    expect(made).toHaveLength(2);
  });

  it('of a singleton has one service, and controllers stay singletons', async () => {
    const { made, Desk } = counted();
    const app = await start({ controllers: [Desk], futures: { scope: 'singleton' } });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
    expect(made).toHaveLength(1);
  });

  it('leaves a controller that uses @Futures() a singleton', async () => {
    let made = 0;
    @Controller()
    class Desk {
      constructor() {
        made++;
      }
      @Get()
      page(@Futures() futures: FuturesService) {
        return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
    }
    const app = await start({ controllers: [Desk] });
    await app.get('/');
    expect((await app.get('/')).body).toEqual({ sum: 3 });
    expect(made).toBe(1);
  });
});
