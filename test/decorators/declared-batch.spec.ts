import { BadRequestException, Controller, Get } from '@nestjs/common';
import {
  Future,
  Futures,
  FuturesService,
  type Call,
  type Executor,
  type Outcome,
} from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { tasks } from '../support/tasks.js';

/** Answers each call with its first argument, and keeps the keys of each batch, sorted. */
class EchoExecutor implements Executor {
  readonly batches: string[][] = [];

  async run(calls: readonly Call[]): Promise<Outcome[]> {
    this.batches.push(calls.map(({ key }) => key ?? '').toSorted());
    return calls.map(({ args }) => ({
      status: 'resolved',
      value: args[0],
      worker: 'echo',
      wait: 0,
      run: 0,
    }));
  }

  stats() {
    return { workers: 0, queued: 0, running: 0, resolved: 0, failed: 0 };
  }

  async close(): Promise<void> {}
}

onEachAdapter('declared futures', (start) => {
  it('of one handler form one batch', async () => {
    const echo = new EchoExecutor();
    @Controller()
    class Desk {
      @Get()
      page(
        @Future('a', { task: tasks.echo, args: () => ['A'] }) a: unknown,
        @Future(() => 'b', { task: tasks.echo, args: () => ['B'] }) b: unknown,
        @Future('c', { task: tasks.echo, args: () => ['C'] }) c: unknown,
      ) {
        return [a, b, c];
      }
    }
    const futures = { executor: 'echo', executors: { echo } };
    const app = await start({ controllers: [Desk], futures });
    expect((await app.get('/')).body).toEqual(['A', 'B', 'C']);
    expect(echo.batches).toEqual([['a', 'b', 'c']]);
  });

  it('form one batch for each executor that they name', async () => {
    const [one, two] = [new EchoExecutor(), new EchoExecutor()];
    @Controller()
    class Desk {
      @Get()
      page(
        @Future('a', { task: tasks.echo, args: () => ['A'], executor: 'one' }) a: unknown,
        @Future('b', { task: tasks.echo, args: () => ['B'], executor: 'two' }) b: unknown,
        @Future('c', { task: tasks.echo, args: () => ['C'], executor: 'one' }) c: unknown,
      ) {
        return [a, b, c];
      }
    }
    const app = await start({ controllers: [Desk], futures: { executors: { one, two } } });
    expect((await app.get('/')).body).toEqual(['A', 'B', 'C']);
    expect(one.batches).toEqual([['a', 'c']]);
    expect(two.batches).toEqual([['b']]);
  });

  it('may have their own timeouts', async () => {
    const flag = new Int32Array(new SharedArrayBuffer(4));
    @Controller()
    class Desk {
      @Get()
      page(@Future('x', { task: tasks.waitFor, args: () => [flag], timeout: 20 }) _x: number) {}
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).status).toBe(504);
  });

  it('are answered with 503 and Retry-After if the queue is full', async () => {
    @Controller()
    class Desk {
      @Get()
      page(
        @Future('a', { task: tasks.echo, args: () => ['A'] }) _a: unknown,
        @Future('b', { task: tasks.echo, args: () => ['B'] }) _b: unknown,
      ) {}
    }
    const futures = { threads: { max: 1, maxQueue: 0 } };
    const app = await start({ controllers: [Desk], futures });
    const { status, headers } = await app.get('/');
    expect(status).toBe(503);
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  });

  it('fail the request if their arguments cannot be computed', async () => {
    const echo = new EchoExecutor();
    @Controller()
    class Desk {
      @Get()
      page(
        @Future('x', {
          task: tasks.echo,
          args: () => {
            throw new BadRequestException('no such page');
          },
        })
        _x: unknown,
      ) {}
    }
    const futures = { executor: 'echo', executors: { echo } };
    const app = await start({ controllers: [Desk], futures });
    expect(await app.get('/')).toMatchObject({ status: 400, body: { message: 'no such page' } });
    expect(echo.batches).toEqual([]);
  });

  it('with one key run once if they are equal, and conflict if not', async () => {
    const echo = new EchoExecutor();
    @Controller()
    class Desk {
      @Get('same')
      same(
        @Future('x', { task: tasks.echo, args: () => [{ n: 1 }] }) x: unknown,
        @Future('x', { task: tasks.echo, args: () => [{ n: 1 }] }) y: unknown,
      ) {
        return [x, y];
      }
      @Get('arguments')
      args(
        @Future('x', { task: tasks.echo, args: () => [1] }) x: unknown,
        @Future('x', { task: tasks.echo, args: () => [2] }) y: unknown,
      ) {
        return [x, y];
      }
      @Get('tasks')
      tasks(
        @Future('x', { task: tasks.echo, args: () => [1] }) x: unknown,
        @Future('x', { task: tasks.greet, args: () => ['you'] }) y: unknown,
      ) {
        return [x, y];
      }
    }
    const futures = { executor: 'echo', executors: { echo } };
    const app = await start({ controllers: [Desk], futures });
    expect((await app.get('/same')).body).toEqual([{ n: 1 }, { n: 1 }]);
    expect(echo.batches).toEqual([['x']]);
    for (const path of ['/arguments', '/tasks']) {
      expect((await app.get(path)).status).toBe(500);
      expect(app.log.errors.pop()).toContain('ERR_FUTURES_CONFLICT');
    }
  });

  it('mix with submitted ones: they run once, and the others replay the handler', async () => {
    const echo = new EchoExecutor();
    const passes: unknown[] = [];
    @Controller()
    class Desk {
      @Get()
      page(
        @Future('declared', { task: tasks.echo, args: () => ['D'] }) declared: unknown,
        @Futures() futures: FuturesService,
      ) {
        const imperative = futures.resultOrSubmit('imperative', null, tasks.echo, 'I');
        passes.push([declared, imperative, futures.result('declared')]);
        return { declared, imperative };
      }
    }
    const futures = { executor: 'echo', executors: { echo } };
    const app = await start({ controllers: [Desk], futures });
    expect((await app.get('/')).body).toEqual({ declared: 'D', imperative: 'I' });
    expect(passes).toEqual([
      ['D', null, 'D'],
      ['D', 'I', 'D'],
    ]);
    expect(echo.batches).toEqual([['declared'], ['imperative']]);
  });
});
