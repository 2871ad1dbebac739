import { Inject, UseInterceptors } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Future, Futures, FuturesService, UseFutures } from '../../../src/index.js';
import { onEachAdapter } from '../../support/app.js';
import { observer } from '../../support/observer.js';
import { RecordingExecutor, recorded } from '../../support/recording-executor.js';
import { tasks } from '../../support/tasks.js';
import { connectSocket, withWebSockets } from '../../support/websocket.js';

onEachAdapter('a WebSocket gateway', (start) => {
  it('is replayed with @Futures(), and sends no placeholder', async () => {
    const passes: unknown[] = [];
    @WebSocketGateway()
    class Desk {
      @SubscribeMessage('sum')
      sum(@MessageBody() { a, b }: { a: number; b: number }, @Futures() futures: FuturesService) {
        const value = futures.resultOrSubmit('sum', -1, tasks.add, a, b);
        passes.push([futures.pass, futures.isReplay, value]);
        return { event: 'sum', data: value };
      }
    }
    const app = await start(withWebSockets({ providers: [Desk] }));
    const socket = await connectSocket(app);
    expect(await socket.ask('sum', { a: 1, b: 2 })).toEqual({ event: 'sum', data: 3 });
    expect(passes).toEqual([
      [1, false, -1],
      [2, true, 3],
    ]);
  });

  it('has futures of its own for each message of a client', async () => {
    const executor = new RecordingExecutor();
    @WebSocketGateway()
    class Desk {
      @SubscribeMessage('greeting')
      greeting(@MessageBody() name: string, @Futures() futures: FuturesService) {
        return { event: 'greeting', data: futures.resultOrSubmit('x', '…', tasks.greet, name) };
      }
    }
    const app = await start(withWebSockets({ providers: [Desk], futures: recorded(executor) }));
    const socket = await connectSocket(app);
    expect(await socket.ask('greeting', 'Ada')).toMatchObject({ data: 'Hello, Ada' });
    expect(await socket.ask('greeting', 'Kurt')).toMatchObject({ data: 'Hello, Kurt' });
    expect(executor.keys).toEqual(['x', 'x']);
  });

  it('runs once with declared futures, in one batch', async () => {
    const executor = new RecordingExecutor();
    const written: unknown[] = [];
    @WebSocketGateway()
    class Desk {
      @SubscribeMessage('order')
      order(
        @Future('price', {
          task: tasks.add,
          args: (context) => [context.switchToWs().getData().n, 1],
        })
        price: number,
        @Future('name', { task: tasks.greet, args: () => ['Ada'] }) name: string,
      ) {
        written.push([name, price]);
        return { event: 'order', data: `${name}: ${price}` };
      }
    }
    const app = await start(withWebSockets({ providers: [Desk], futures: recorded(executor) }));
    const socket = await connectSocket(app);
    expect(await socket.ask('order', { n: 4 })).toEqual({ event: 'order', data: 'Hello, Ada: 5' });
    expect(written).toEqual([['Hello, Ada', 5]]);
    expect(executor.batches.map((keys) => keys.toSorted())).toEqual([['name', 'price']]);
  });

  it('gets submitted values from @Future()', async () => {
    @WebSocketGateway()
    class Desk {
      @SubscribeMessage('sum')
      sum(@Future('sum', { default: 0 }) sum: number, @Futures() futures: FuturesService) {
        if (sum === 0) futures.submit('sum', tasks.add, 1, 2);
        return { event: 'sum', data: sum };
      }
    }
    const app = await start(withWebSockets({ providers: [Desk] }));
    const socket = await connectSocket(app);
    expect(await socket.ask('sum')).toEqual({ event: 'sum', data: 3 });
  });

  it('finds an injected FuturesService with @UseFutures(), on the class or the method', async () => {
    @WebSocketGateway()
    @UseFutures()
    class OnClass {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
      @SubscribeMessage('a')
      a() {
        return { event: 'a', data: this.futures.resultOrSubmit('x', 0, tasks.add, 1, 0) };
      }
    }
    @WebSocketGateway()
    class OnMethod {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
      @UseFutures()
      @SubscribeMessage('b')
      b() {
        return { event: 'b', data: this.futures.resultOrSubmit('x', 0, tasks.add, 1, 1) };
      }
      @SubscribeMessage('c')
      c() {
        return { event: 'c', data: this.futures.resultOrSubmit('x', 0, tasks.add, 1, 2) };
      }
    }
    const app = await start(
      withWebSockets({ providers: [OnClass, OnMethod], futures: { scope: 'singleton' } }),
    );
    const socket = await connectSocket(app);
    expect(await socket.ask('a')).toEqual({ event: 'a', data: 1 });
    expect(await socket.ask('b')).toEqual({ event: 'b', data: 2 });
    expect(await socket.ask('c')).toMatchObject({ event: 'exception' });
    expect(app.log.errors.join()).toMatch(/FuturesContextError.*put @UseFutures\(\) on the/s);
  });

  it.each([false, true])('is seen to fail in a discarded pass (global too: %s)', async (global) => {
    const order: string[] = [];
    @WebSocketGateway()
    @UseInterceptors(observer('class', order))
    class Desk {
      @UseInterceptors(observer('method', order))
      @SubscribeMessage('sum')
      sum(@Futures() futures: FuturesService) {
        order.push(`pass ${futures.pass}`);
        return { event: 'sum', data: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
    }
    const app = await start(
      withWebSockets({
        providers: [Desk],
        setup: (nest) => global && nest.useGlobalInterceptors(observer('global', order)),
      }),
    );
    const socket = await connectSocket(app);
    expect(await socket.ask('sum')).toEqual({ event: 'sum', data: 3 });
    expect(order.filter((each) => !each.startsWith('global'))).toEqual([
      'pass 1',
      'method PassDiscardedError',
      'class PassDiscardedError',
      'pass 2',
      'method value',
      'class value',
    ]);
    // Nest reads the interceptors of gateways before those of the app can be put behind ours.
    expect(order.filter((each) => each.startsWith('global'))).toEqual(
      global ? ['global value'] : [],
    );
  });

  it('fails with the error of its task, and goes on with the next message', async () => {
    @WebSocketGateway()
    class Desk {
      @SubscribeMessage('fails')
      fails(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('x', '', tasks.fail, 'no paper');
      }
      @SubscribeMessage('sum')
      sum(@Futures() futures: FuturesService) {
        return { event: 'sum', data: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
    }
    const app = await start(withWebSockets({ providers: [Desk] }));
    const socket = await connectSocket(app);
    expect(await socket.ask('fails')).toMatchObject({ event: 'exception' });
    expect(app.log.errors.join()).toContain('no paper');
    expect(await socket.ask('sum')).toEqual({ event: 'sum', data: 3 });
  });
});
