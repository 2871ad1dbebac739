import {
  ClassSerializerInterceptor,
  Controller,
  Get,
  SerializeOptions,
  UseInterceptors,
  type Type,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Exclude, Expose } from 'class-transformer';
import { Future, Futures, FuturesService, type ReplayMode } from '../../../src/index.js';
import { onEachAdapter } from '../../support/app.js';
import { tasks } from '../../support/tasks.js';

const modes: ReplayMode[] = ['handler', 'request'];
const places = ['on the method', 'on the class', 'by APP_INTERCEPTOR'] as const;
const cases = places.flatMap((place) => modes.map((mode) => [place, mode] as const));

onEachAdapter('the ClassSerializerInterceptor', (start) => {
  it.each(cases)('%s serializes the last pass only (replay: %s)', async (place, replay) => {
    const serialized = new Set<string>();
    class Report {
      @Exclude()
      readonly secret = 'secret';
      constructor(readonly title: string) {}
      @Expose()
      get heading(): string {
        serialized.add(this.title);
        return this.title.toUpperCase();
      }
    }
    const bind = (where: string): Type[] => (where === place ? [ClassSerializerInterceptor] : []);
    @UseInterceptors(...bind('on the class'))
    @Controller()
    class Desk {
      @UseInterceptors(...bind('on the method'))
      @Get()
      page(@Futures() futures: FuturesService) {
        return new Report(futures.resultOrSubmit('title', 'placeholder', tasks.echo, 'Sales'));
      }
    }
    const app = await start({
      controllers: [Desk],
      providers: bind('by APP_INTERCEPTOR').map((useClass) => ({
        provide: APP_INTERCEPTOR,
        useClass,
      })),
      futures: { replay },
    });
    expect((await app.get('/')).body).toEqual({ title: 'Sales', heading: 'SALES' });
    expect([...serialized]).toEqual(['Sales']);
  });

  it('turns a plain result of a task into an instance of the declared type', async () => {
    class Report {
      @Expose()
      title!: string;
    }
    @Controller()
    @UseInterceptors(ClassSerializerInterceptor)
    @SerializeOptions({ type: Report, excludeExtraneousValues: true })
    class Desk {
      @Get('replayed')
      replayed(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('x', {}, tasks.echo, { title: 'Sales', secret: 1 });
      }
      @Get('declared')
      declared(@Future('x', { task: () => ({ title: 'Sales', secret: 1 }) }) report: object) {
        return report;
      }
    }
    const app = await start({ controllers: [Desk] });
    for (const path of ['/replayed', '/declared']) {
      expect((await app.get(path)).body).toEqual({ title: 'Sales' });
    }
  });
});
