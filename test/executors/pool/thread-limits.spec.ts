import { ExecutorSaturatedError, FutureTimeoutError, taskFile } from '../../../src/index.js';
import { tasks } from '../../support/tasks.js';
import {
  block,
  call,
  Latch,
  latches,
  makeHoldShort,
  run,
  startPool,
  startThreads,
} from '../../support/executors.js';

describe('maxQueue of the thread executor', () => {
  it('refuses a batch that does not fit as a whole, and accepts one that does', async () => {
    const executor = startThreads({ max: 1, maxQueue: 2 });
    const blocker = await block(executor);
    const latch = new Latch().open();
    const hold = call(latches.hold, [latch.cells]);
    const refused = await run(executor, hold, hold, hold);
    expect(refused).toEqual(refused.map(() => expect.any(ExecutorSaturatedError)));
    expect(refused[0]).toMatchObject({ code: 'ERR_FUTURES_SATURATED', status: 503 });
    const { retryAfter } = refused[0] as ExecutorSaturatedError;
    expect(Number.isInteger(retryAfter)).toBe(true);
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    expect(executor.stats().queued).toBe(0);
    expect(latch.started).toBe(0);

    const accepted = run(executor, hold, hold);
    expect(executor.stats().queued).toBe(2);
    expect(await run(executor, hold)).toEqual([expect.any(ExecutorSaturatedError)]);
    await blocker.open();
    await accepted;
    expect(latch.started).toBe(2);
    expect(await run(executor, hold)).toEqual([expect.any(Number)]);
  });

  it('of 0 accepts as many calls as threads can start at once', async () => {
    const executor = startThreads({ max: 2, maxQueue: 0 });
    const echo = call(tasks.echo, [1]);
    // The pool is made by the first run.
    expect(await run(executor, echo, echo)).toEqual([1, 1]);
    expect(await run(executor, echo, echo, echo)).toEqual(
      [1, 2, 3].map(() => expect.any(ExecutorSaturatedError)),
    );
  });
});

describe('queueTimeout of the thread executor', () => {
  it('ends the wait of a call that found no free thread, and the call never runs', async () => {
    const executor = startThreads({ max: 1 });
    const blocker = await block(executor);
    const latch = new Latch().open();
    const [outcome] = await executor.run([
      call(latches.hold, [latch.cells], { queueTimeout: 20, key: 'late' }),
    ]);
    expect(outcome).toMatchObject({ status: 'failed', worker: '', run: 0 });
    expect(outcome?.value).toBeInstanceOf(FutureTimeoutError);
    expect(outcome?.value).toMatchObject({
      code: 'ERR_FUTURES_TIMEOUT',
      phase: 'queue',
      limit: 20,
      key: 'late',
      task: 'latch.hold',
      status: 504,
    });
    expect(executor.stats().queued).toBe(0);
    await blocker.open();
    await run(executor, call(tasks.echo, [1]));
    expect(latch.started).toBe(0);
  });

  it('ends the wait of a call behind a long one in the same message', async () => {
    const pool = startPool(1);
    const executor = startThreads({ pool });
    await makeHoldShort(executor);
    const blocker = await block(executor);
    pool.messages = [];
    const [long, late] = [new Latch(), new Latch().open()];
    const slow = run(executor, call(latches.hold, [long.cells]));
    const waiting = run(executor, call(latches.hold, [late.cells], { queueTimeout: 500 }));
    await blocker.open();
    await long.reached();
    expect(pool.messages).toEqual([2]);
    expect(await waiting).toEqual([expect.any(FutureTimeoutError)]);
    long.open();
    expect(await slow).toEqual([expect.any(Number)]);
    await run(executor, call(tasks.echo, [1]));
    expect(late.started).toBe(0);
  });

  it('does not count the run time', async () => {
    const executor = startThreads({ max: 1 });
    await run(executor, call(tasks.spin, [0]));
    const spin = call(tasks.spin, [600], { queueTimeout: 500 });
    expect(await run(executor, spin)).toEqual([expect.any(Number)]);
  });
});

describe('timeout of the thread executor', () => {
  it('stops the task, and the other tasks of its message still run', async () => {
    const pool = startPool(1);
    const executor = startThreads({ pool });
    await makeHoldShort(executor);
    pool.messages = [];
    const [stuck, open] = [new Latch(), new Latch().open()];
    const values = await run(
      executor,
      call(latches.hold, [open.cells]),
      call(latches.hold, [stuck.cells], { timeout: 50, key: 'stuck' }),
      call(latches.hold, [open.cells]),
      call(latches.hold, [stuck.cells], { timeout: 50 }),
      call(latches.hold, [stuck.cells], { timeout: 50 }),
      call(latches.hold, [stuck.cells], { timeout: 50 }),
      call(latches.hold, [open.cells]),
    );
    expect(pool.messages[0]).toBe(7);
    expect(values).toEqual([
      expect.any(Number),
      expect.any(FutureTimeoutError),
      expect.any(Number),
      expect.any(FutureTimeoutError),
      expect.any(FutureTimeoutError),
      expect.any(FutureTimeoutError),
      expect.any(Number),
    ]);
    expect(values[1]).toMatchObject({ phase: 'run', limit: 50, key: 'stuck', task: 'latch.hold' });
    // The thread of a stopped task is another one afterwards.
    expect(new Set([values[0], values[2], values[6]]).size).toBe(3);
    expect(stuck.started).toBe(4);
    expect(open.started).toBe(3);
  });

  it('stops a task that waits for something that never happens', async () => {
    const executor = startThreads({ max: 1 });
    const never = call(latches.hang, [new Latch().cells], { timeout: 50 });
    expect(await run(executor, never)).toEqual([expect.any(FutureTimeoutError)]);
    expect(await run(executor, call(tasks.echo, [1]))).toEqual([1]);
  });

  it('does not count the time to load the task file', async () => {
    const slow = taskFile<typeof import('../../fixtures/slow-to-load.tasks.js')>(
      new URL('../../fixtures/slow-to-load.tasks.js', import.meta.url),
    );
    const [loadTime] = await run(startThreads(), call(slow.quick, [], { timeout: 200 }));
    expect(loadTime).toBeGreaterThan(200);
  });

  it('does not count the wait', async () => {
    const executor = startThreads({ max: 1 });
    const blocker = await block(executor);
    const waiting = run(executor, call(latches.hold, [new Latch().open().cells], { timeout: 250 }));
    await run(startThreads({ max: 1 }), call(tasks.spin, [300]));
    const threadId = await blocker.open();
    expect(await waiting).toEqual([threadId]);
  });
});
