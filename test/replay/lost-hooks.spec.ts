import {
  Controller,
  Get,
  Inject,
  Injectable,
  Scope,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Cron, Interval, ScheduleModule, Timeout } from '@nestjs/schedule';
import { Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter, type TestApp } from '../support/app.js';
import { latch } from '../support/latch.js';

/** The warnings that name a lost method. */
const lost = (app: TestApp) => app.log.warnings.filter((text) => text.includes('FuturesService'));

onEachAdapter('a provider that FuturesService makes request-scoped', (start) => {
  it('is named at startup with the lifecycle hooks that Nest never calls', async () => {
    const called: string[] = [];
    @Injectable()
    class Reports implements OnModuleInit, OnApplicationShutdown {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
      onModuleInit() {
        called.push('init');
      }
      onApplicationShutdown() {
        called.push(`shutdown ${this.futures.pass}`);
      }
    }
    const app = await start({ providers: [Reports] });
    expect(called).toEqual([]);
    expect(lost(app)).toHaveLength(1);
    const [warning] = lost(app);
    expect(warning).toContain('Reports');
    expect(warning).toContain('onModuleInit()');
    expect(warning).toContain('onApplicationShutdown()');
    expect(warning).toContain("scope: 'singleton'");
    expect(warning).toContain('@Futures()');
  });

  it('is named with the path to the service, also through controllers and inherited hooks', async () => {
    @Injectable()
    class Charts {
      constructor(@Inject(FuturesService) readonly futures: FuturesService) {}
    }
    class Starting implements OnModuleInit {
      onModuleInit() {}
    }
    @Injectable()
    class Reports extends Starting {
      @Inject(Charts) readonly charts!: Charts;
    }
    @Controller()
    class Desk implements OnModuleInit {
      constructor(@Inject(Reports) readonly reports: Reports) {}
      onModuleInit() {}
      @Get()
      page() {
        return this.reports.charts.futures.resultOrSubmit('x', 0, () => 1);
      }
    }
    const app = await start({ providers: [Charts, Reports], controllers: [Desk] });
    expect((await app.get('/')).text).toBe('1');
    expect(lost(app)).toHaveLength(2);
    expect(lost(app).join('\n')).toContain('Reports → Charts → FuturesService');
    expect(lost(app).join('\n')).toContain('Desk → Reports → Charts → FuturesService');
  });

  it('is named with its scheduled methods', async () => {
    @Injectable()
    class Jobs {
      constructor(@Inject(FuturesService) readonly futures: FuturesService) {}
      @Cron('0 0 3 * * *')
      nightly() {}
      @Interval(3_600_000)
      hourly() {}
      @Timeout(3_600_000)
      later() {}
    }
    const app = await start({ imports: [ScheduleModule.forRoot()], providers: [Jobs] });
    expect(lost(app)).toHaveLength(1);
    for (const method of ['nightly()', 'hourly()', 'later()']) {
      expect(lost(app)[0]).toContain(method);
    }
  });

  it('is named with its event handlers, since each event creates an instance', async () => {
    const instances = new Set<object>();
    const handled = [latch(), latch()];
    @Injectable()
    class Listener {
      constructor(@Inject(FuturesService) readonly futures: FuturesService) {}
      @OnEvent('ordered')
      onOrder(n: number) {
        instances.add(this);
        handled[n]?.open();
      }
    }
    const app = await start({ imports: [EventEmitterModule.forRoot()], providers: [Listener] });
    app.app.get(EventEmitter2).emit('ordered', 0);
    app.app.get(EventEmitter2).emit('ordered', 1);
    await Promise.all(handled.map(({ opened }) => opened));
    expect(instances.size).toBe(2);
    expect(lost(app)).toHaveLength(1);
    expect(lost(app)[0]).toMatch(/onOrder\(\).*instance of its own/);
  });
});

onEachAdapter('nothing is logged at startup', (start) => {
  it('about a provider that was request-scoped anyway', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest implements OnModuleInit {
      constructor(@Inject(FuturesService) readonly futures: FuturesService) {}
      onModuleInit() {}
    }
    @Injectable()
    class OverRequest implements OnModuleInit {
      constructor(
        @Inject(REQUEST) readonly request: object,
        @Inject(FuturesService) readonly futures: FuturesService,
      ) {}
      onModuleInit() {}
    }
    @Injectable()
    class OverPerRequest implements OnModuleInit {
      constructor(@Inject(PerRequest) readonly inner: PerRequest) {}
      onModuleInit() {}
    }
    const app = await start({ providers: [PerRequest, OverRequest, OverPerRequest] });
    expect(lost(app)).toEqual([]);
  });

  it('about a provider without hooks, or without the service', async () => {
    const called: string[] = [];
    @Injectable()
    class WithoutHooks {
      constructor(@Inject(FuturesService) readonly futures: FuturesService) {}
      helper() {}
    }
    @Injectable()
    class WithoutFutures implements OnModuleInit {
      onModuleInit() {
        called.push('init');
      }
    }
    @Controller()
    class Desk implements OnModuleInit {
      onModuleInit() {
        called.push('init');
      }
      @Get()
      page(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('x', 0, () => 1);
      }
    }
    const app = await start({ providers: [WithoutHooks, WithoutFutures], controllers: [Desk] });
    expect(called).toEqual(['init', 'init']);
    expect(lost(app)).toEqual([]);
  });

  it("with scope: 'singleton', where hooks are called", async () => {
    const called: string[] = [];
    @Injectable()
    class Reports implements OnModuleInit {
      constructor(@Inject(FuturesService) readonly futures: FuturesService) {}
      onModuleInit() {
        called.push('init');
      }
    }
    const app = await start({ providers: [Reports], futures: { scope: 'singleton' } });
    expect(called).toEqual(['init']);
    expect(lost(app)).toEqual([]);
  });
});
