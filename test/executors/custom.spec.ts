import { Controller, Get } from '@nestjs/common';
import {
  BrokenExecutorError,
  Futures,
  FuturesArgumentError,
  FuturesOptionsError,
  FuturesService,
  WorkerPool,
  type Call,
  type Executor,
  type Outcome,
} from '../../src/index.js';
import { startApp } from '../support/app.js';
import { tasks } from '../support/tasks.js';
import { startContext } from '../support/executors.js';

/** Answers each call with its arguments, and keeps what it was asked. */
class Fleet implements Executor {
  readonly batches: (readonly Call[])[] = [];
  readonly signals: (AbortSignal | undefined)[] = [];
  closed: { timeout: number } | undefined;

  async run(calls: readonly Call[], { signal }: { signal?: AbortSignal }): Promise<Outcome[]> {
    this.batches.push(calls);
    this.signals.push(signal);
    return calls.map((call) => resolved(`fleet: ${call.args.join()}`));
  }

  stats() {
    return { workers: 7, queued: 0, running: 0, resolved: this.batches.flat().length, failed: 0 };
  }

  async close(options: { timeout: number }): Promise<void> {
    this.closed = options;
  }
}

function resolved(value: unknown): Outcome {
  return { status: 'resolved', value, worker: 'fleet 1', wait: 0, run: 1 };
}

/** An executor that breaks its contract. */
function broken(run: (calls: readonly Call[]) => unknown): Executor {
  return Object.assign(new Fleet(), { run: run as Executor['run'] });
}

describe('an executor of the app', () => {
  it('gets all calls of a pass at once, with their limits and a signal', async () => {
    const fleet = new Fleet();
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        const fleet = futures.using({ executor: 'fleet', timeout: 5_000 });
        return [
          fleet.resultOrSubmit('a', '…', tasks.add, 1, 2),
          fleet.resultOrSubmit('b', '…', tasks.greet, 'Ada'),
          futures.resultOrSubmit('c', 0, tasks.add, 3, 4),
        ];
      }
    }
    const app = await startApp('express', {
      controllers: [Desk],
      futures: { executors: { fleet }, queueTimeout: 60_000 },
    });
    expect((await app.get('/')).body).toEqual(['fleet: 1,2', 'fleet: Ada', 7]);
    expect(fleet.batches).toHaveLength(1);
    expect(fleet.batches[0]).toMatchObject([
      {
        key: 'a',
        task: { id: 'basic.add', exportName: 'add', url: expect.stringMatching(/^file:/) },
        args: [1, 2],
        timeout: 5_000,
        queueTimeout: 60_000,
      },
      { key: 'b', task: { id: 'basic.greet' }, args: ['Ada'] },
    ]);
    expect(fleet.signals[0]).toBeInstanceOf(AbortSignal);
  });

  it('can be the default', async () => {
    const fleet = new Fleet();
    const context = await startContext({ executor: 'fleet', executors: { fleet } });
    const pool = context.get(WorkerPool);
    expect(await pool.run(tasks.add, 1, 2)).toBe('fleet: 1,2');
    // A plain function cannot be sent anywhere.
    expect(await pool.run(() => 'here')).toBe('here');
    expect(pool.stats()).toMatchObject({ fleet: { workers: 7, resolved: 1 } });
  });

  it('shares a batch with others: each gets its part, and the order is kept', async () => {
    const [one, two] = [new Fleet(), new Fleet()];
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        return ['one', 'two', 'inline', 'one', 'two'].map((executor, i) =>
          futures.using({ executor }).resultOrSubmit(`${i}`, '', tasks.echo, i),
        );
      }
    }
    const app = await startApp('express', {
      controllers: [Desk],
      futures: { executors: { one, two } },
    });
    expect((await app.get('/')).body).toEqual(['fleet: 0', 'fleet: 1', 2, 'fleet: 3', 'fleet: 4']);
    expect([one, two].map(({ batches }) => batches.map((batch) => batch.length))).toEqual([
      [2],
      [2],
    ]);
  });

  it('is closed with the app', async () => {
    const fleet = new Fleet();
    const context = await startContext({ executors: { fleet }, shutdownTimeout: 5_000 });
    await context.close();
    expect(fleet.closed?.timeout).toBeGreaterThan(0);
    expect(fleet.closed?.timeout).toBeLessThanOrEqual(5_000);
  });

  it('does not keep the threads from being closed if it fails to close', async () => {
    const fleet = Object.assign(new Fleet(), { close: () => Promise.reject(new Error('stuck')) });
    const context = await startContext({ executors: { fleet }, threads: { max: 1 } });
    const pool = context.get(WorkerPool);
    await pool.run(tasks.add, 1, 2);
    await context.close().catch(() => undefined);
    expect(pool.stats()['thread']).toMatchObject({ workers: 0 });
  });

  it('cannot be sent a plain function', async () => {
    const context = await startContext({ executors: { fleet: new Fleet() } });
    const running = context
      .get(WorkerPool)
      .using({ executor: 'fleet' })
      .run(() => 1);
    await expect(running).rejects.toThrow(FuturesArgumentError);
    await expect(running).rejects.toThrow('taskFile()');
  });

  it('must be addressed by its registered name', async () => {
    const context = await startContext({ executors: { fleet: new Fleet() } });
    const running = context.get(WorkerPool).using({ executor: 'feet' }).run(tasks.add, 1, 2);
    await expect(running).rejects.toThrow(FuturesArgumentError);
    await expect(running).rejects.toThrow(/"feet".*thread.*inline.*fleet/);
    await expect(startContext({ executor: 'feet' })).rejects.toThrow(FuturesOptionsError);
  });

  it.each(['run', 'stats', 'close'])('without %s is refused at startup', async (method) => {
    const fleet = Object.assign(new Fleet(), { [method]: undefined });
    const starting = startContext({ executors: { fleet } });
    await expect(starting).rejects.toThrow(FuturesOptionsError);
    await expect(starting).rejects.toThrow('executors.fleet');
  });

  it.each(['thread', 'inline', 'process'])('cannot be named %s', async (name) => {
    const starting = startContext({ executors: { [name]: new Fleet() } });
    await expect(starting).rejects.toThrow(FuturesOptionsError);
  });
});

describe('an executor that breaks its contract', () => {
  const cases: [string, Executor, string][] = [
    ['rejects', broken(() => Promise.reject(new Error('no route'))), 'no route'],
    [
      'throws',
      broken(() => {
        throw new Error('no driver');
      }),
      'no driver',
    ],
    ['gives nothing', broken(() => undefined), 'one outcome a call'],
    ['gives no promise and too few', broken(() => []), 'one outcome a call'],
    ['gives holes', broken(async () => [undefined, null]), 'one outcome a call'],
    ['gives what is no outcome', broken(async () => [{}, { value: 1 }]), 'one outcome a call'],
  ];

  it.each(cases)('and %s fails only its own calls', async (_name, fleet, reason) => {
    const errors: unknown[] = [];
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        const sum = futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
        const other = futures.using({ executor: 'fleet' });
        for (const key of ['a', 'b']) {
          try {
            other.resultOrSubmit(key, '', tasks.echo, key);
          } catch (error) {
            errors.push(error);
          }
        }
        return sum;
      }
    }
    const app = await startApp('express', {
      controllers: [Desk],
      futures: { executors: { fleet } },
    });
    expect((await app.get('/')).body).toBe(3);
    expect(errors).toEqual([expect.any(BrokenExecutorError), expect.any(BrokenExecutorError)]);
    expect(errors[0]).toMatchObject({
      code: 'ERR_FUTURES_BROKEN_EXECUTOR',
      key: 'a',
      task: 'basic.echo',
      message: expect.stringContaining('"fleet"'),
    });
    expect((errors[0] as Error).message).toContain(reason);
  });

  it('and returns too few outcomes keeps those it returned', async () => {
    const fleet = broken(async () => [resolved('first')]);
    const context = await startContext({ executors: { fleet } });
    const pool = context.get(WorkerPool).using({ executor: 'fleet' });
    expect(await pool.run(tasks.echo, 1)).toBe('first');
    const both = pool.runAll([
      [tasks.echo, 1],
      [tasks.echo, 2],
    ]);
    await expect(both).rejects.toThrow(BrokenExecutorError);
  });
});
