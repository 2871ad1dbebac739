import { Controller, Get, Inject, Injectable, Module, type Type } from '@nestjs/common';
import {
  Futures,
  FuturesModule,
  FuturesService,
  WorkerPool,
  threadExecutor,
  type FuturesModuleExtras,
  type FuturesModuleOptions,
} from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';

function importing(...imports: Parameters<typeof Module>[0]['imports'] & object): Type {
  @Module({ imports })
  class Feature {}
  return Feature;
}

@Controller()
class Desk {
  @Get()
  page(@Futures() futures: FuturesService) {
    return futures.resultOrSubmit('x', 0, () => 1);
  }
}

onEachAdapter('FuturesModule without forRoot()', (start) => {
  const says = /FuturesModule.*without forRoot\(\).*imports: \[FuturesModule\.forRoot\(\)\]/s;

  it('fails at startup with an error that says so', async () => {
    await expect(
      start({ futures: 'none', imports: [FuturesModule], controllers: [Desk] }),
    ).rejects.toThrow(says);
  });

  it.each([
    ['FuturesService', FuturesService],
    ['WorkerPool', WorkerPool],
  ])('is reported to a provider that injects %s', async (_, token) => {
    @Injectable()
    class Reports {
      constructor(@Inject(token) readonly injected: unknown) {}
    }
    await expect(
      start({ futures: 'none', imports: [FuturesModule], providers: [Reports] }),
    ).rejects.toThrow(says);
  });

  it('is reported in a feature module of an app that has forRoot() in its root', async () => {
    await expect(start({ imports: [importing(FuturesModule)] })).rejects.toThrow(says);
  });
});

type Options = FuturesModuleOptions & FuturesModuleExtras;

const onDiscard = () => {};
const pool = threadExecutor({ max: 1 });

onEachAdapter('forRoot() in two modules of an app', (start) => {
  const different: [string, Options, Options, RegExp][] = [
    ['maxPasses', { maxPasses: 3 }, {}, /"maxPasses" is 3 .*5/],
    ['threads.max', { threads: { max: 3 } }, { threads: { max: 4 } }, /"threads\.max" is 3 .*4/],
    ['scope', { scope: 'singleton' }, {}, /"scope" is "singleton" .*"request"/],
    ['onDiscard', { onDiscard }, { onDiscard: () => {} }, /"onDiscard"/],
    [
      'executors',
      { executors: { reports: pool } },
      { executors: { reports: threadExecutor({ max: 1 }) } },
      /"executors\.reports"/,
    ],
  ];
  it.each(different)(
    'fails at startup if they differ in %s, and the error names option and values',
    async (_, first, second, says) => {
      const started = start({
        controllers: [Desk],
        futures: first,
        imports: [importing(FuturesModule.forRoot(second))],
      });
      await expect(started).rejects.toThrow(says);
      await expect(started).rejects.toMatchObject({ code: 'ERR_FUTURES_OPTIONS' });
    },
  );

  it('finds a difference in options from a factory', async () => {
    const second = FuturesModule.forRootAsync({ useFactory: () => ({ timeout: 7 }) });
    await expect(start({ imports: [importing(second)] })).rejects.toThrow(/"timeout" is 30000 .*7/);
  });

  it('is allowed with equal options, or if several modules import the same one', async () => {
    const options: Options = { maxPasses: 3, threads: { max: 1 }, onDiscard, executors: { pool } };
    const futures = FuturesModule.forRoot(options);
    const app = await start({
      controllers: [Desk],
      futures,
      imports: [importing(futures), importing(futures, FuturesModule.forRoot({ ...options }))],
    });
    expect((await app.get('/')).text).toBe('1');
  });

  it('may differ between two apps of one process', async () => {
    const apps = [
      await start({ controllers: [Desk], futures: { maxPasses: 3 } }),
      await start({ controllers: [Desk], futures: { maxPasses: 4 } }),
    ];
    for (const app of apps) expect((await app.get('/')).text).toBe('1');
  });
});
