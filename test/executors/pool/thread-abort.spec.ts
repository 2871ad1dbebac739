import { FutureCancelledError } from '../../../src/index.js';
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
  valuesOf,
} from '../../support/executors.js';

describe('the signal of a batch in the thread executor', () => {
  it('drops queued calls, which then never run', async () => {
    const executor = startThreads({ max: 1 });
    const blocker = await block(executor);
    const latch = new Latch().open();
    const client = new AbortController();
    const dropped = executor.run([call(latches.hold, [latch.cells], { key: 'page' })], client);
    expect(executor.stats().queued).toBe(1);
    client.abort();
    const [error] = valuesOf(await dropped);
    expect(error).toBeInstanceOf(FutureCancelledError);
    expect(error).toMatchObject({ key: 'page', task: 'latch.hold' });
    expect(executor.stats().queued).toBe(0);
    await blocker.open();
    expect(await run(executor, call(tasks.echo, [1]))).toEqual([1]);
    expect(latch.started).toBe(0);
  });

  it('immediately settles a running call, and ends it to free its thread', async () => {
    const executor = startThreads({ max: 1 });
    const stuck = new Latch();
    const client = new AbortController();
    const aborted = executor.run([call(latches.hold, [stuck.cells])], client);
    await stuck.reached();
    client.abort();
    expect(valuesOf(await aborted)).toEqual([expect.any(FutureCancelledError)]);
    expect(await run(executor, call(tasks.echo, [1]))).toEqual([1]);
  });

  it('ends a task that another thread has taken over', async () => {
    const executor = startThreads({ max: 2 });
    await makeHoldShort(executor);
    const [first, second] = [new Latch(), new Latch()];
    const client = new AbortController();
    const aborted = executor.run(
      [call(latches.hold, [first.cells]), call(latches.hold, [second.cells])],
      client,
    );
    await Promise.all([first.reached(), second.reached()]);
    client.abort();
    await aborted;
    // Both threads are free again: two tasks run at the same time.
    const both = new Latch();
    const running = run(
      executor,
      call(latches.hold, [both.cells]),
      call(latches.hold, [both.cells]),
    );
    await both.reached(2);
    both.open();
    expect(await running).toEqual([expect.any(Number), expect.any(Number)]);
  });

  it('drops calls that were sent but not started, and starts none of them elsewhere', async () => {
    const pool = startPool(2);
    const executor = startThreads({ pool });
    await makeHoldShort(executor);
    const [first, second] = [await block(executor), await block(executor)];
    const stuck = new Latch();
    const dropped = new Latch().open();
    const client = new AbortController();
    pool.messages = [];
    const aborted = executor.run(
      [stuck, dropped, dropped, dropped].map(({ cells }) => call(latches.hold, [cells])),
      client,
    );
    await first.open();
    await stuck.reached();
    expect(pool.messages).toEqual([4]);
    client.abort();
    expect(valuesOf(await aborted)).toEqual(
      [1, 2, 3, 4].map(() => expect.any(FutureCancelledError)),
    );
    await second.open();
    await run(executor, call(tasks.echo, [1]), call(tasks.echo, [2]));
    expect(dropped.started).toBe(0);
  });

  it('lets an idle thread take over calls behind one that is given up', async () => {
    const pool = startPool(2);
    const executor = startThreads({ pool });
    await makeHoldShort(executor);
    const [first, second] = [await block(executor), await block(executor)];
    const stuck = new Latch();
    const client = new AbortController();
    pool.messages = [];
    const aborted = executor.run([call(latches.hold, [stuck.cells])], client);
    const other = run(executor, call(latches.hold, [new Latch().open().cells]));
    await first.open();
    await stuck.reached();
    expect(pool.messages).toEqual([2]);
    client.abort();
    await aborted;
    const threadId = await second.open();
    expect(await other).toEqual([threadId]);
  });

  it('starts nothing if it is already aborted', async () => {
    const executor = startThreads({ max: 1 });
    const latch = new Latch().open();
    const outcomes = await executor.run([call(latches.hold, [latch.cells])], {
      signal: AbortSignal.abort(),
    });
    expect(valuesOf(outcomes)).toEqual([expect.any(FutureCancelledError)]);
    await run(executor, call(tasks.echo, [1]));
    expect(latch.started).toBe(0);
  });

  it('does not affect other batches', async () => {
    const executor = startThreads({ max: 1 });
    const blocker = await block(executor);
    const client = new AbortController();
    const aborted = executor.run([call(tasks.echo, [1])], client);
    const other = run(executor, call(tasks.echo, [2]));
    client.abort();
    await blocker.open();
    await aborted;
    expect(await other).toEqual([2]);
  });
});
