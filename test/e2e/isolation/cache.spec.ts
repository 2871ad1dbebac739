import { CACHE_MANAGER, CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import { Controller, Get, UseInterceptors, type Type } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import type { Cache } from 'cache-manager';
import { Futures, FuturesService, UseFutures, type ReplayMode } from '../../../src/index.js';
import { onEachAdapter } from '../../support/app.js';

const modes: ReplayMode[] = ['handler', 'request'];
const places = ['on the method', 'on the class', 'by APP_INTERCEPTOR'] as const;
const cases = places.flatMap((place) => modes.map((mode) => [place, mode] as const));

onEachAdapter('the CacheInterceptor', (start) => {
  it.each(cases)('%s never caches a discarded pass (replay: %s)', async (place, replay) => {
    let cache: Cache | undefined;
    const order: string[] = [];
    const bind = (where: string): Type[] => (where === place ? [CacheInterceptor] : []);
    @UseInterceptors(...bind('on the class'))
    @UseFutures({ replay })
    @Controller()
    class Desk {
      @UseInterceptors(...bind('on the method'))
      @Get('page')
      page(@Futures() futures: FuturesService) {
        order.push(`pass ${futures.pass}`);
        const x = futures.resultOrSubmit('x', 'placeholder', async () => {
          order.push(`cached in between: ${String(await cache?.get('/page'))}`);
          return 'value';
        });
        return { x };
      }
    }
    const app = await start({
      imports: [CacheModule.register()],
      controllers: [Desk],
      providers: bind('by APP_INTERCEPTOR').map((useClass) => ({
        provide: APP_INTERCEPTOR,
        useClass,
      })),
      setup: (nest) => void (cache = nest.get<Cache>(CACHE_MANAGER)),
    });
    const first = await app.get('/page');
    expect([first.body, first.headers.get('x-cache')]).toEqual([{ x: 'value' }, 'MISS']);
    expect(order).toEqual(['pass 1', 'cached in between: undefined', 'pass 2']);
    expect(await cache?.get('/page')).toEqual({ x: 'value' });

    const second = await app.get('/page');
    expect([second.body, second.headers.get('x-cache')]).toEqual([{ x: 'value' }, 'HIT']);
    expect(order).toHaveLength(3);
  });

  it('caches a page that was published with its placeholders, like any other', async () => {
    let cache: Cache | undefined;
    @Controller()
    class Desk {
      @UseInterceptors(CacheInterceptor)
      @Get('page')
      page(@Futures() futures: FuturesService) {
        const x = futures.resultOrSubmit('x', 'placeholder', () => 'value');
        futures.publish();
        return { x };
      }
    }
    const app = await start({
      imports: [CacheModule.register()],
      controllers: [Desk],
      setup: (nest) => void (cache = nest.get<Cache>(CACHE_MANAGER)),
    });
    expect((await app.get('/page')).body).toEqual({ x: 'placeholder' });
    expect(await cache?.get('/page')).toEqual({ x: 'placeholder' });
  });

  it('caches nothing of a request whose task failed', async () => {
    let cache: Cache | undefined;
    let tries = 0;
    @Controller()
    class Desk {
      @UseInterceptors(CacheInterceptor)
      @Get('page')
      page(@Futures() futures: FuturesService) {
        const x = futures.resultOrSubmit('x', 'placeholder', () => {
          if (++tries === 1) throw new Error('no paper');
          return 'value';
        });
        return { x };
      }
    }
    const app = await start({
      imports: [CacheModule.register()],
      controllers: [Desk],
      setup: (nest) => void (cache = nest.get<Cache>(CACHE_MANAGER)),
    });
    expect((await app.get('/page')).status).toBe(500);
    expect(await cache?.get('/page')).toBeUndefined();
    expect((await app.get('/page')).body).toEqual({ x: 'value' });
  });
});
