import { EventEmitter, once } from 'node:events';
import { Controller, Inject, UseInterceptors, type NestInterceptor } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { catchError, concat, of } from 'rxjs';
import { Future, Futures, FuturesService, UseFutures } from '../../../src/index.js';
import { observer } from '../../support/observer.js';
import { RecordingExecutor, recorded } from '../../support/recording-executor.js';
import { onEachRpcHost } from '../../support/rpc.js';
import { tasks } from '../../support/tasks.js';

onEachRpcHost('a message handler', (start) => {
  it('is replayed with @Futures(), and the placeholder is not answered', async () => {
    const passes: unknown[] = [];
    @Controller()
    class Desk {
      @MessagePattern('sum')
      sum(@Payload() { a, b }: { a: number; b: number }, @Futures() futures: FuturesService) {
        const value = futures.resultOrSubmit('sum', -1, tasks.add, a, b);
        passes.push([futures.pass, futures.isReplay, value]);
        return value;
      }
    }
    const app = await start({ controllers: [Desk] });
    expect(await app.send('sum', { a: 1, b: 2 })).toEqual([3]);
    expect(passes).toEqual([
      [1, false, -1],
      [2, true, 3],
    ]);
  });

  it('runs once with declared futures, in one batch, which may depend on the message', async () => {
    const executor = new RecordingExecutor();
    const written: unknown[] = [];
    @Controller()
    class Desk {
      @MessagePattern('order')
      order(
        @Future('price', {
          task: tasks.add,
          args: (context) => [context.switchToRpc().getData().n, 1],
        })
        price: number,
        @Future('name', { task: tasks.greet, args: () => ['Ada'] }) name: string,
      ) {
        written.push([name, price]);
        return `${name}: ${price}`;
      }
    }
    const app = await start({ controllers: [Desk], futures: recorded(executor) });
    expect(await app.send('order', { n: 4 })).toEqual(['Hello, Ada: 5']);
    expect(written).toEqual([['Hello, Ada', 5]]);
    expect(executor.batches.map((keys) => keys.toSorted())).toEqual([['name', 'price']]);
  });

  it('gets submitted values from @Future()', async () => {
    @Controller()
    class Desk {
      @MessagePattern('sum')
      sum(@Future('sum', { default: 0 }) sum: number, @Futures() futures: FuturesService) {
        if (sum === 0) futures.submit('sum', tasks.add, 1, 2);
        return sum;
      }
    }
    const app = await start({ controllers: [Desk] });
    expect(await app.send('sum')).toEqual([3]);
  });

  it.each(['request', 'singleton'] as const)(
    'finds an injected FuturesService with @UseFutures(), scope %s',
    async (scope) => {
      @Controller()
      @UseFutures()
      class Desk {
        constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
        @MessagePattern('greeting')
        greeting(@Payload('name') name: string) {
          return this.futures.resultOrSubmit('greeting', '…', tasks.greet, name);
        }
      }
      const app = await start({ controllers: [Desk], futures: { scope } });
      const names = ['Ada', 'Kurt', 'Rosa'];
      expect(await Promise.all(names.map((name) => app.send('greeting', { name })))).toEqual(
        names.map((name) => [`Hello, ${name}`]),
      );
    },
  );

  it('gets an error that recommends @UseFutures() if it has none', async () => {
    @Controller()
    class Desk {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
      @MessagePattern('sum')
      sum() {
        return this.futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
      }
    }
    const app = await start({ controllers: [Desk], futures: { scope: 'singleton' } });
    await expect(app.send('sum')).rejects.toMatchObject({ status: 'error' });
    expect(app.log.errors.join()).toMatch(/FuturesContextError.*put @UseFutures\(\) on the/s);
  });

  it('of an event is replayed, and writes only in its last pass', async () => {
    const events = new EventEmitter();
    const order: string[] = [];
    @Controller()
    @UseInterceptors(observer('transaction', order))
    class Desk {
      @EventPattern('arrived')
      @UseFutures()
      arrived(@Futures() futures: FuturesService, @Payload('n') n: unknown) {
        const sum = futures.resultOrSubmit('sum', 0, tasks.add, Number(n), 1);
        order.push(`pass ${futures.pass}`);
        futures.barrier();
        order.push(`written ${sum}`);
        events.emit('written');
      }
    }
    const app = await start({ controllers: [Desk] });
    const written = once(events, 'written');
    await app.emit('arrived', { n: 4 });
    await written;
    expect(order.slice(0, 4)).toEqual([
      'pass 1',
      'transaction PassDiscardedError',
      'pass 2',
      'written 5',
    ]);
    expect(app.log.errors).toEqual([]);
  });

  it('is seen to fail in a discarded pass by its interceptors; global ones see one run', async () => {
    const order: string[] = [];
    @Controller()
    @UseInterceptors(observer('class', order))
    class Desk {
      @UseInterceptors(observer('method', order))
      @MessagePattern('sum')
      sum(@Futures() futures: FuturesService) {
        order.push(`pass ${futures.pass}`);
        return futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
      }
    }
    const app = await start({
      controllers: [Desk],
      providers: [{ provide: APP_INTERCEPTOR, useValue: observer('global', order) }],
      hybrid: { inheritAppConfig: true },
    });
    expect(await app.send('sum')).toEqual([3]);
    expect(order).toEqual([
      'pass 1',
      'method PassDiscardedError',
      'class PassDiscardedError',
      'pass 2',
      'method value',
      'class value',
      'global value',
    ]);
  });

  it('may answer with a stream, of which nothing is sent from a discarded pass', async () => {
    @Controller()
    class Desk {
      @MessagePattern('steps')
      steps(@Futures() futures: FuturesService) {
        return concat(
          of('first'),
          of(futures.resultOrSubmit('sum', 'placeholder', tasks.add, 1, 2)),
        );
      }
    }
    const app = await start({ controllers: [Desk] });
    expect(await app.send('steps')).toEqual(['first', 3]);
  });

  it('sends nothing of what an interceptor makes of a discarded pass', async () => {
    const swallower: NestInterceptor = {
      intercept: (_context, next) => next.handle().pipe(catchError(() => of('lie'))),
    };
    @Controller()
    class Desk {
      @UseInterceptors(swallower)
      @MessagePattern('sum')
      sum(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('sum', 'placeholder', tasks.add, 1, 2);
      }
    }
    const app = await start({ controllers: [Desk] });
    expect(await app.send('sum')).toEqual([3]);
  });

  it('fails with the error of its task', async () => {
    @Controller()
    class Desk {
      @MessagePattern('fails')
      fails(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('x', '', tasks.fail, 'no paper');
      }
      @MessagePattern('declared')
      declared(@Future('x', { task: tasks.fail, args: () => ['no ink'] }) x: unknown) {
        return x;
      }
    }
    const app = await start({ controllers: [Desk] });
    for (const [pattern, message] of [
      ['fails', 'no paper'],
      ['declared', 'no ink'],
    ] as const) {
      await expect(app.send(pattern)).rejects.toMatchObject({ message: 'Internal server error' });
      expect(app.log.errors.join()).toContain(message);
    }
    expect(app.log.errors.join()).not.toContain('PassDiscardedError');
  });
});
