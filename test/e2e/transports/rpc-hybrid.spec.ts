import { Controller, Get, Inject, type NestInterceptor } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { Future, Futures, FuturesService, UseFutures } from '../../../src/index.js';
import { startRpc, type RpcHost } from '../../support/rpc.js';
import { tasks } from '../../support/tasks.js';

const hosts: RpcHost[] = ['connectMicroservice (express)', 'connectMicroservice (fastify)'];

const noop: NestInterceptor = { intercept: (_context, next) => next.handle() };

describe.each(hosts)('an app for HTTP and messages (%s)', (host) => {
  it.each([
    ['registered at once', { deferInitialization: false }],
    ['registered when the app is initialised', { deferInitialization: true }],
  ])('with global interceptors over HTTP replays handlers of both, %s', async (_, hybrid) => {
    @Controller()
    @UseFutures()
    class Scoped {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
      @Get('scoped')
      route() {
        return { sum: this.futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
      @MessagePattern('scoped')
      message() {
        return this.futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
      }
    }
    @Controller()
    class Static {
      @Get('static')
      route(@Futures() futures: FuturesService) {
        return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
      @MessagePattern('static')
      message(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
      }
      @MessagePattern('declared')
      declared(@Future('sum', { task: tasks.add, args: () => [1, 2] }) sum: number) {
        return sum;
      }
    }
    const app = await startRpc(host, {
      controllers: [Scoped, Static],
      setup: (nest) => nest.useGlobalInterceptors(noop),
      hybrid,
    });
    for (const name of ['scoped', 'static']) {
      expect((await app.http?.get(`/${name}`))?.body).toEqual({ sum: 3 });
      expect(await app.send(name)).toEqual([3]);
    }
    expect(await app.send('declared')).toEqual([3]);
  });

  it('replays a method that serves a route and a message', async () => {
    const passes: number[] = [];
    @Controller()
    class Desk {
      @Get()
      @MessagePattern('sum')
      sum(@Futures() futures: FuturesService) {
        passes.push(futures.pass);
        return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
    }
    const app = await startRpc(host, { controllers: [Desk] });
    expect((await app.http?.get('/'))?.body).toEqual({ sum: 3 });
    expect(await app.send('sum')).toEqual([{ sum: 3 }]);
    expect(passes).toEqual([1, 2, 1, 2]);
  });
});
