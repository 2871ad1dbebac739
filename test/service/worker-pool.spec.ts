import { Injectable, Module, NotFoundException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  BrokenExecutorError,
  ExecutorSaturatedError,
  FuturesArgumentError,
  FuturesModule,
  FuturesOptionsError,
  FutureTimeoutError,
  TaskArgumentError,
  TaskResultError,
  taskFile,
  UnknownTaskError,
  WorkerPool,
} from '../../src/index.js';
import { latches, Latch, startContext, startPool } from '../support/executors.js';
import { tasks } from '../support/tasks.js';

async function startWorkerPool(options?: Parameters<typeof startContext>[0]): Promise<WorkerPool> {
  return (await startContext({ threads: { max: 2 }, ...options })).get(WorkerPool);
}

describe('WorkerPool', () => {
  it('can be injected outside a request, for example in a cron job', async () => {
    @Injectable()
    class Cron {
      constructor(readonly pool: WorkerPool) {}
      tick = () => this.pool.run(tasks.greet, 'Ada');
    }
    @Module({ imports: [FuturesModule.forRoot()], providers: [Cron] })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    expect(await app.get(Cron).tick()).toBe('Hello, Ada');
    await app.close();
  });

  describe('run', () => {
    it('returns the value of a task that ran in a thread', async () => {
      const pool = await startWorkerPool();
      const { pid, threadId } = await pool.run(tasks.where);
      expect(pid).toBe(process.pid);
      expect(threadId).toBeGreaterThan(0);
    });

    it('runs a plain function on the event loop', async () => {
      const pool = await startWorkerPool();
      const value = { method() {} };
      expect(await pool.run(async (given: typeof value) => given, value)).toBe(value);
    });

    it('fails with the error of the task', async () => {
      const pool = await startWorkerPool();
      await expect(pool.run(tasks.fail, 'no paper')).rejects.toMatchObject({
        name: 'OutOfPaperError',
        message: 'no paper',
        code: 'E_PAPER',
        tray: 2,
        cause: expect.any(TypeError),
      });
      await expect(pool.run(tasks.notFound, 'chart')).rejects.toThrow(NotFoundException);
      await expect(pool.run(tasks.throwText)).rejects.toBe('just text');
      await expect(pool.run(() => Promise.reject(new RangeError('here')))).rejects.toThrow(
        RangeError,
      );
    });

    it('fails with the errors that futures have, but without a key', async () => {
      const pool = await startWorkerPool();
      const { lost } = taskFile<{ lost(): void }>(
        new URL('../fixtures/basic.tasks.js', import.meta.url),
      );
      const stuck = pool.using({ timeout: 30 });
      const failures: [() => Promise<unknown>, new (...args: never[]) => Error, string][] = [
        [() => pool.run(tasks.exit), BrokenExecutorError, 'basic.exit'],
        [() => pool.run(tasks.echo, () => {}), TaskArgumentError, 'basic.echo'],
        [() => pool.run(tasks.uncloneable), TaskResultError, 'basic.uncloneable'],
        [() => pool.run(lost), UnknownTaskError, 'basic.lost'],
        [() => stuck.run(latches.hold, new Latch().cells), FutureTimeoutError, 'latch.hold'],
      ];
      for (const [fail, type, task] of failures) {
        const error: unknown = await fail().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(type);
        expect(error).toMatchObject({ task });
        expect((error as { key?: string }).key).toBeUndefined();
      }
    });

    it('refuses a value that is not a task', async () => {
      const pool = await startWorkerPool();
      await expect(pool.run('add' as never)).rejects.toThrow(FuturesArgumentError);
    });
  });

  describe('runAll', () => {
    it('returns the values in the order of the calls, whichever ends first', async () => {
      const pool = await startWorkerPool();
      const [greeting, here, sum] = await pool.runAll([
        [tasks.greet, 'Ada'],
        [() => 'here'],
        [tasks.add, 1, 2],
      ]);
      expect([greeting.length, here.length, sum + 1]).toEqual([10, 4, 4]);
    });

    it('runs all calls at the same time', async () => {
      const pool = await startWorkerPool();
      const latch = new Latch();
      const running = pool.runAll([
        [latches.hold, latch.cells],
        [latches.hold, latch.cells],
      ]);
      await latch.reached(2);
      latch.open();
      const [first, second] = await running;
      expect(first).not.toBe(second);
    });

    it('sends one batch: it fits into the queue as a whole, or not at all', async () => {
      const pool = await startWorkerPool({ threads: { max: 1, maxQueue: 1 } });
      await pool.run(tasks.echo, 0);
      const { resolved } = pool.stats()['thread'] ?? {};
      const batch = pool.runAll([
        [tasks.echo, 1],
        [tasks.echo, 2],
        [tasks.echo, 3],
      ]);
      await expect(batch).rejects.toThrow(ExecutorSaturatedError);
      expect(pool.stats()['thread']).toMatchObject({ resolved });
    });

    it('fails with the first error in the order of the calls, after all have ended', async () => {
      const pool = await startWorkerPool();
      const order: string[] = [];
      const batch = pool.runAll([
        [async () => 'fine'],
        [
          async () => {
            await new Promise(setImmediate);
            order.push('second');
            throw new Error('second');
          },
        ],
        [
          () => {
            order.push('third');
            throw new Error('third');
          },
        ],
        [
          async () => {
            for (let i = 0; i < 5; i++) await new Promise(setImmediate);
            order.push('last');
          },
        ],
      ]);
      await expect(batch).rejects.toThrow('second');
      expect(order).toEqual(['third', 'second', 'last']);
    });

    it('returns an empty list for no calls', async () => {
      expect(await (await startWorkerPool()).runAll([])).toEqual([]);
    });
  });

  describe('runAllSettled', () => {
    it('returns values and errors in the order of the calls, and never rejects', async () => {
      const pool = await startWorkerPool();
      const settled = await pool.runAllSettled([
        [tasks.add, 1, 2],
        [tasks.fail, 'no paper'],
        [() => 'here'],
      ]);
      expect(settled).toEqual([
        { status: 'fulfilled', value: 3 },
        { status: 'rejected', reason: expect.objectContaining({ message: 'no paper' }) },
        { status: 'fulfilled', value: 'here' },
      ]);
    });

    it('gives the error of each call that a full queue refuses', async () => {
      const pool = await startWorkerPool({ threads: { max: 1, maxQueue: 0 } });
      const settled = await pool.runAllSettled([
        [tasks.echo, 1],
        [tasks.echo, 2],
      ]);
      const refused = { status: 'rejected', reason: expect.any(ExecutorSaturatedError) };
      expect(settled).toEqual([refused, refused]);
    });

    it('throws what is wrong with the calls themselves', async () => {
      const pool = await startWorkerPool();
      for (const calls of [
        ['add'],
        [tasks.add],
        'add',
        undefined,
        [undefined, [tasks.add, 1, 2]],
      ]) {
        await expect(pool.runAllSettled(calls as never)).rejects.toThrow(FuturesArgumentError);
        await expect(pool.runAll(calls as never)).rejects.toThrow(/a list of calls, each a list/);
      }
    });
  });

  describe('using', () => {
    it('leaves the pool itself unchanged, and accumulates options', async () => {
      const pool = await startWorkerPool();
      const inline = pool.using({ executor: 'inline' });
      const both = inline.using({ timeout: 20 });
      expect((await inline.run(tasks.where)).threadId).toBe(0);
      await expect(both.run(() => new Promise(() => {}))).rejects.toMatchObject({ limit: 20 });
      expect((await both.run(tasks.where)).threadId).toBe(0);
      expect((await pool.run(tasks.where)).threadId).not.toBe(0);
    });

    it('moves arguments', async () => {
      const pool = await startWorkerPool();
      const buffer = new ArrayBuffer(100);
      const moved = await pool.using({ transferList: [buffer] }).run(tasks.echo, buffer);
      expect(moved.byteLength).toBe(100);
      expect(buffer.byteLength).toBe(0);
    });

    it.each([
      [{ timeout: 0 }, FuturesOptionsError],
      [{ timeout: '1s' }, FuturesOptionsError],
      [{ queueTimeout: -1 }, FuturesOptionsError],
      [{ timeOut: 5 }, FuturesOptionsError],
      [null, FuturesArgumentError],
    ])('refuses %p', async (options, type) => {
      const pool = await startWorkerPool();
      expect(() => pool.using(options as object)).toThrow(type);
    });
  });

  it('reports what each executor does', async () => {
    const pool = await startWorkerPool();
    const none = { workers: 0, queued: 0, running: 0, resolved: 0, failed: 0 };
    expect(pool.stats()).toMatchObject({ thread: none, inline: none });
    const latch = new Latch();
    const running = pool.run(latches.hold, latch.cells);
    await latch.reached();
    await pool.run(() => 1);
    expect(pool.stats()).toMatchObject({
      thread: { workers: 1, running: 1 },
      inline: { resolved: 1 },
    });
    latch.open();
    await running;
    expect(pool.stats()).toMatchObject({ thread: { running: 0, resolved: 1 } });
  });

  it('creates `min` threads when the app starts', async () => {
    const pool = await startWorkerPool({ threads: { min: 2, max: 3 } });
    expect(pool.stats()['thread']?.workers).toBe(2);
  });

  it('uses a piscina of the app, which outlives it', async () => {
    const piscina = startPool(1);
    const context = await startContext({ threads: { pool: piscina } });
    const { threadId } = await context.get(WorkerPool).run(tasks.where);
    expect(piscina.threads.map((thread) => thread.threadId)).toEqual([threadId]);
    await context.close();
    expect(piscina.threads).toHaveLength(1);
  });

  it('finishes running calls when the app is closed, and accepts none after that', async () => {
    const context = await startContext({ threads: { max: 1 } });
    const pool = context.get(WorkerPool);
    const latch = new Latch();
    const running = pool.run(latches.hold, latch.cells);
    await latch.reached();
    const closed = context.close();
    latch.open();
    expect(await running).toBeGreaterThan(0);
    await closed;
    await expect(pool.run(tasks.echo, 1)).rejects.toThrow(ExecutorSaturatedError);
    expect(pool.stats()['thread']).toMatchObject({ workers: 0 });
  });

  it('is a separate one in each app', async () => {
    const [one, two] = [await startWorkerPool(), await startWorkerPool()];
    await one.run(tasks.echo, 1);
    expect(one.stats()).toMatchObject({ thread: { resolved: 1 } });
    expect(two.stats()).toMatchObject({ thread: { workers: 0, resolved: 0 } });
  });
});
