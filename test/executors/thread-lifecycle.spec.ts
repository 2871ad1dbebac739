import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ExecutorSaturatedError } from '../../src/index.js';
import { tasks } from '../support/tasks.js';
import { block, call, Latch, latches, run, startPool, startThreads } from '../support/executors.js';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

describe('the thread pool', () => {
  it('creates no thread before the first call', async () => {
    const executor = startThreads({ min: 2, max: 2 });
    expect(executor.stats().workers).toBe(0);
    await run(executor, call(tasks.echo, [1]));
    expect(executor.stats().workers).toBe(2);
  });

  it('creates `min` threads when it is started', async () => {
    const executor = startThreads({ min: 2, max: 3 });
    await executor.start();
    expect(executor.stats()).toMatchObject({
      workers: 2,
      queued: 0,
      running: 0,
      resolved: 0,
      failed: 0,
    });
  });

  it('reports what it is doing and what it has done', async () => {
    const executor = startThreads({ max: 2 });
    const [first, second] = [await block(executor), await block(executor)];
    const queued = run(executor, call(tasks.echo, [1]), call(tasks.fail, ['x']));
    expect(executor.stats()).toMatchObject({
      workers: 2,
      queued: 2,
      running: 2,
      resolved: 0,
      failed: 0,
    });
    await Promise.all([first.open(), second.open()]);
    await queued;
    expect(executor.stats()).toMatchObject({
      workers: 2,
      queued: 0,
      running: 0,
      resolved: 3,
      failed: 1,
    });
  });

  describe('when it is closed', () => {
    it('finishes running and waiting calls, accepts no more, and leaves no thread', async () => {
      const executor = startThreads({ max: 1 });
      const blocker = await block(executor);
      const queued = run(executor, call(tasks.add, [1, 2]));
      const closed = executor.close({ timeout: 10_000 });
      expect(await run(executor, call(tasks.add, [3, 4]))).toEqual([
        expect.any(ExecutorSaturatedError),
      ]);
      expect(await blocker.open()).toEqual(expect.any(Number));
      expect(await queued).toEqual([3]);
      await closed;
      expect(executor.stats()).toMatchObject({ workers: 0, queued: 0, running: 0 });
    });

    it('gives up calls that do not end in time', async () => {
      const executor = startThreads({ max: 1 });
      const latch = new Latch();
      const hold = call(latches.hold, [latch.cells]);
      const running = run(executor, hold, hold);
      await latch.reached();
      await executor.close({ timeout: 20 });
      expect(await running).toEqual([
        expect.any(ExecutorSaturatedError),
        expect.any(ExecutorSaturatedError),
      ]);
      expect(executor.stats()).toMatchObject({ workers: 0, queued: 0, running: 0 });
      expect(latch.started).toBe(1);
    });

    it('may be closed twice, and before its first use', async () => {
      const executor = startThreads();
      await executor.close({ timeout: 10 });
      await executor.close({ timeout: 10 });
      expect(await run(executor, call(tasks.echo, [1]))).toEqual([
        expect.any(ExecutorSaturatedError),
      ]);
      expect(executor.stats().workers).toBe(0);
    });

    it('leaves nothing that keeps the process alive', async () => {
      const child = promisify(execFile)(process.execPath, [fixture('close-and-exit.js')], {
        timeout: 15_000,
      });
      expect((await child).stdout).toBe('3 closed');
    });
  });

  describe('that the app owns', () => {
    it('runs tasks beside those of its owner', async () => {
      const pool = startPool(1);
      const filename = fixture('piscina-worker.js');
      const executor = startThreads({ pool });
      const [own, values] = await Promise.all([
        pool.run(7, { filename }),
        run(executor, call(tasks.add, [1, 2]), call(tasks.where, [])),
      ]);
      expect(own).toBe(49);
      const [{ threadId } = { threadId: 0 }] = pool.threads;
      expect(values).toEqual([3, { pid: process.pid, threadId }]);
    });

    it('serves two executors, each of which gets its own results', async () => {
      const pool = startPool(2);
      const executors = [startThreads({ pool }), startThreads({ pool })] as const;
      const values = await Promise.all(
        executors.map((executor, i) =>
          run(executor, ...Array.from({ length: 20 }, () => call(tasks.echo, [i]))),
        ),
      );
      expect(values.map((each) => new Set(each))).toEqual([new Set([0]), new Set([1])]);
    });

    it('waits for a thread that its owner occupies', async () => {
      const pool = startPool(1);
      const executor = startThreads({ pool });
      const other = startThreads({ pool });
      const blocker = await block(other);
      const waiting = run(executor, call(tasks.echo, [1], { timeout: 250 }));
      await run(startThreads({ max: 1 }), call(tasks.spin, [300]));
      await blocker.open();
      expect(await waiting).toEqual([1]);
    });

    it('is not closed, and keeps no listener of this module', async () => {
      const pool = startPool(1);
      const executor = startThreads({ pool });
      const before = pool.listenerCount('message');
      await run(executor, call(tasks.echo, [1]));
      const [thread] = pool.threads;
      await executor.close({ timeout: 10 });
      expect(pool.threads).toEqual([thread]);
      expect(pool.listenerCount('message')).toBe(before);
      expect(await pool.run(3, { filename: fixture('piscina-worker.js') })).toBe(9);
    });
  });
});
