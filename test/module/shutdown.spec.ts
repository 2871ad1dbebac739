import { Controller, Get, UseGuards, type CanActivate } from '@nestjs/common';
import { Future, Futures, FuturesService, WorkerPool } from '../../src/index.js';
import { onEachAdapter, type TestApp } from '../support/app.js';
import { tasks } from '../support/tasks.js';
import { until } from '../support/wait.js';

/** A promise that is resolved from outside, to hold something up. */
class Latch {
  open!: () => void;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}

/** Asks by a connection that does not stay open. */
function get(app: TestApp, path = '/') {
  return app.get(path, { headers: { connection: 'close' } });
}

/** Starts to close the app, and returns when the server takes no more connections. */
async function beginToClose({ app }: TestApp): Promise<{ closed: Promise<void> }> {
  const server = app.getHttpServer() as { listening: boolean };
  const closed = app.close();
  await until('the server to stop listening', () => !server.listening);
  return { closed };
}

onEachAdapter('while the app is closed', (start) => {
  it('a request in flight goes through all its passes, and submits in them', async () => {
    const [begun, latch] = [new Latch(), new Latch()];
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        const x = futures.resultOrSubmit('x', '', async () => {
          begun.open();
          await latch.opened;
          return 'x';
        });
        const y = x && futures.resultOrSubmit('y', '', tasks.greet, x);
        return { pass: futures.pass, y };
      }
    }
    const app = await start({ controllers: [Desk] });
    const answer = get(app);
    await begun.opened;
    const { closed } = await beginToClose(app);
    latch.open();
    expect(await answer).toMatchObject({ status: 200, body: { pass: 3, y: 'Hello, x' } });
    await closed;
    expect(app.app.get(WorkerPool).stats()['thread']?.workers).toBe(0);
  });

  it('a request that begins to submit is answered with 503 and Retry-After', async () => {
    const latch = new Latch();
    let arrived = 0;
    const allArrived = new Latch();
    const door: CanActivate = {
      async canActivate() {
        if (++arrived === 3) allArrived.open();
        await latch.opened;
        return true;
      },
    };
    @UseGuards(door)
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
      @Get('plain')
      plain() {
        return { plain: true };
      }
    }
    const app = await start({ controllers: [Desk] });
    const answers = ['/imperative', '/declared', '/plain'].map((path) => get(app, path));
    await allArrived.opened;
    const { closed } = await beginToClose(app);
    latch.open();
    const [imperative, declared, plain] = await Promise.all(answers);
    for (const answer of [imperative, declared]) {
      expect(answer?.status).toBe(503);
      expect(answer?.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    }
    expect(plain).toMatchObject({ status: 200, body: { plain: true } });
    await closed;
  });
});

onEachAdapter('when shutdownTimeout is over', (start) => {
  it('a request whose task still runs in a thread is answered with 503, and the app is closed', async () => {
    const flag = new Int32Array(new SharedArrayBuffer(8));
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        const x = futures.resultOrSubmit('x', '', tasks.waitFor, flag);
        const y = futures.resultOrSubmit('y', '', tasks.waitFor, flag);
        return { x, y };
      }
    }
    const app = await start({
      controllers: [Desk],
      futures: { shutdownTimeout: 50, threads: { max: 1 } },
    });
    const answer = get(app);
    const pool = app.app.get(WorkerPool);
    await until('a running task', () => pool.stats()['thread']?.running !== 0);
    await app.close();
    const { status, headers } = await answer;
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(pool.stats()['thread']?.workers).toBe(0);
  });

  it('a request whose task still runs on the event loop gets 503, and the app is closed', async () => {
    const begun = new Latch();
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('x', '', async () => {
          begun.open();
          await new Latch().opened;
          return 'never';
        });
      }
    }
    const app = await start({
      controllers: [Desk],
      // The run time of the task is the last resort, so that a failure does not hang.
      futures: { shutdownTimeout: 50, timeout: 3000 },
    });
    const answer = get(app);
    await begun.opened;
    await app.close();
    const { status, headers } = await answer;
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  });

  it('a request in flight gets no futures in further passes', async () => {
    const [begun, latch] = [new Latch(), new Latch()];
    const calls: string[] = [];
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        calls.push(`pass ${futures.pass}`);
        const x = futures.resultOrSubmit('x', '', tasks.echo, 'x');
        if (x === '') return {};
        futures.onDiscard(async () => {
          begun.open();
          await latch.opened;
        });
        return { y: futures.resultOrSubmit('y', '', tasks.echo, 'y') };
      }
    }
    const app = await start({ controllers: [Desk], futures: { shutdownTimeout: 0 } });
    const answer = get(app);
    await begun.opened;
    const { closed } = await beginToClose(app);
    const pool = app.app.get(WorkerPool);
    await until('the end of the threads', () => pool.stats()['thread']?.workers === 0);
    latch.open();
    expect((await answer).status).toBe(503);
    await closed;
    expect(calls).toEqual(['pass 1', 'pass 2', 'pass 3']);
  });
});
