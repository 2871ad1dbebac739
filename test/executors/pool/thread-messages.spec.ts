import { setTimeout } from 'node:timers/promises';
import { taskFile } from '../../../src/index.js';
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

const data = taskFile<typeof import('../../fixtures/data.tasks.js')>(
  new URL('../../fixtures/data.tasks.js', import.meta.url),
);

describe('messages of the thread executor', () => {
  it('carry one call each while the run time of a task is unknown', async () => {
    const pool = startPool(2);
    const executor = startThreads({ pool });
    await run(executor, ...Array.from({ length: 4 }, () => call(tasks.echo, [1])));
    expect(pool.messages).toEqual([1, 1, 1, 1]);
  });

  it('carry several calls once tasks are known to be short', async () => {
    const pool = startPool(2);
    const executor = startThreads({ pool });
    for (let i = 0; i < 25; i++) await run(executor, call(tasks.echo, [i]));
    pool.messages = [];
    const numbers = Array.from({ length: 40 }, (_, i) => i);
    expect(await run(executor, ...numbers.map((i) => call(tasks.echo, [i])))).toEqual(numbers);
    expect(pool.messages.length).toBeLessThan(40);
  });

  it('carry waiting calls of several requests together', async () => {
    const pool = startPool(1);
    const executor = startThreads({ pool });
    await makeHoldShort(executor);
    const blocker = await block(executor);
    pool.messages = [];
    const open = new Latch().open();
    const requests = Promise.all([
      run(executor, call(latches.hold, [open.cells])),
      run(executor, call(latches.hold, [open.cells])),
    ]);
    const threadId = await blocker.open();
    expect(await requests).toEqual([[threadId], [threadId]]);
    expect(pool.messages).toEqual([2]);
  });

  it('are sent before handlers of other requests run, if none was sent just before', async () => {
    const pool = startPool(1);
    const executor = startThreads({ pool });
    await run(executor, call(tasks.echo, [1]));
    await setTimeout(10);
    pool.messages = [];
    const running = run(executor, call(tasks.echo, [2]));
    expect(pool.messages).toEqual([1]);
    expect(await running).toEqual([2]);
  });

  it('carry one call each for tasks that are known to be long', async () => {
    const pool = startPool(2);
    const executor = startThreads({ pool });
    for (let i = 0; i < 4; i++) await run(executor, call(tasks.spin, [10]));
    pool.messages = [];
    await run(executor, ...Array.from({ length: 4 }, () => call(tasks.spin, [1])));
    expect(pool.messages).toEqual([1, 1, 1, 1]);
  });

  it('do not count the time to load a task file as run time', async () => {
    const pool = startPool(1);
    const executor = startThreads({ pool });
    const slow = taskFile<typeof import('../../fixtures/slow-to-load.tasks.js')>(
      new URL('../../fixtures/slow-to-load.tasks.js', import.meta.url),
    );
    const [first] = await executor.run([call(slow.quick, [])]);
    expect(first?.run).toBeLessThan(first?.value as number);
    // A slow run may be learned; that is soon forgotten, and the load would not be in twenty runs.
    for (let i = 0; i < 10 && pool.messages.at(-1) !== 2; i++) {
      pool.messages = [];
      await run(executor, call(slow.quick, []), call(slow.quick, []));
    }
    expect(pool.messages).toEqual([2]);
  });

  it('are taken back: a short call does not wait behind a long one while a thread is idle', async () => {
    const pool = startPool(2);
    const executor = startThreads({ pool });
    await makeHoldShort(executor);
    pool.messages = [];
    const long = new Latch();
    const short = new Latch().open();
    const running = run(
      executor,
      call(latches.hold, [long.cells]),
      call(latches.hold, [short.cells]),
      call(latches.hold, [short.cells]),
    );
    await short.reached(2);
    expect(pool.messages).toEqual([3, 2]);
    expect(executor.stats()).toMatchObject({ queued: 0 });
    long.open();
    const [first, second, third] = await running;
    expect(second).not.toBe(first);
    expect(third).toBe(second);
    expect(short.started).toBe(2);
    expect(long.started).toBe(1);
  });

  it('count a call once even if it was taken back', async () => {
    const executor = startThreads();
    await makeHoldShort(executor);
    const { resolved } = executor.stats();
    const [first, second] = [new Latch(), new Latch()];
    const running = run(
      executor,
      call(latches.hold, [first.cells]),
      call(latches.hold, [second.cells]),
    );
    await Promise.all([first.reached(), second.reached()]);
    expect(executor.stats()).toMatchObject({ running: 2, queued: 0, resolved });
    first.open();
    second.open();
    await running;
    expect(executor.stats()).toMatchObject({ running: 0, queued: 0, resolved: resolved + 2 });
  });

  it('return results of any kind, each for its own call', async () => {
    const pool = startPool(1);
    const executor = startThreads({ pool });
    for (let i = 0; i < 25; i++) await run(executor, call(tasks.echo, [i]));
    const values: unknown[] = [
      -0,
      NaN,
      'text',
      { parts: [1, 'two'] },
      '',
      null,
      'long '.repeat(300),
      { parts: undefined },
    ];
    values.push(undefined, new Map([[1, 2]]), true, '5 €', '\ud800', 10n, false, new Date(0), []);
    // So many in a message as are expected to be short together on any machine.
    for (let i = 0; i < values.length; i += 4) {
      const row = values.slice(i, i + 4);
      pool.messages = [];
      const results = await run(executor, ...row.map((value) => call(tasks.echo, [value])));
      expect(results).toStrictEqual(row);
      expect(pool.messages).toEqual([row.length]);
    }
  });

  it('do not hold back a finished result until the next call has ended', async () => {
    const pool = startPool(1);
    const executor = startThreads({ pool });
    await makeHoldShort(executor);
    const blocker = await block(executor);
    pool.messages = [];
    const long = new Latch();
    const quick = run(executor, call(latches.hold, [new Latch().open().cells]));
    const slow = run(executor, call(latches.hold, [long.cells]));
    const threadId = await blocker.open();
    await long.reached();
    expect(pool.messages).toEqual([2]);
    expect(await quick).toEqual([threadId]);
    long.open();
    expect(await slow).toEqual([threadId]);
  });

  it('begin with the longest calls of a request, which are known by their keys', async () => {
    const executor = startThreads({ pool: startPool(1) });
    const long = call(tasks.spin, [20], { key: 'long' });
    const short = call(tasks.spin, [1], { key: 'short' });
    const shortest = call(tasks.echo, [1]);
    for (let i = 0; i < 3; i++) await run(executor, shortest, short, long);
    const [first, second, third] = await executor.run([short, shortest, long]);
    const waits = [third, first, second].map((outcome) => outcome?.wait);
    expect(waits).toEqual(waits.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
    expect([first, second, third].map((outcome) => outcome?.status)).toEqual(
      Array(3).fill('resolved'),
    );
  });

  it('carry a call with moved arguments alone, since it cannot be taken back', async () => {
    const pool = startPool(2);
    const executor = startThreads({ pool });
    await makeHoldShort(executor);
    for (let i = 0; i < 25; i++) await run(executor, call(data.sizeOf, [new ArrayBuffer(1)]));
    pool.messages = [];
    const buffer = new ArrayBuffer(100);
    const long = new Latch();
    const short = new Latch().open();
    const running = executor.run([
      call(latches.hold, [long.cells]),
      call(data.sizeOf, [buffer], { transferList: [buffer] }),
      call(latches.hold, [short.cells]),
    ]);
    await Promise.all([long.reached(), short.reached()]);
    long.open();
    expect(valuesOf(await running)).toEqual([expect.any(Number), 100, expect.any(Number)]);
    // As if it were long, it is the first; the short one is taken back from behind the long one.
    expect(pool.messages).toEqual([1, 2, 1]);
  });
});
