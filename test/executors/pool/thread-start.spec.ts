import { Logger } from '@nestjs/common';
import { BrokenExecutorError } from '../../../src/index.js';
import { tasks } from '../../support/tasks.js';
import {
  block,
  call,
  latches,
  Latch,
  run,
  startPool,
  startThreads,
} from '../../support/executors.js';
import { until } from '../../support/wait.js';

describe('a thread that dies before it has started', () => {
  it('is replaced, and the calls that waited for it run', async () => {
    const pool = startPool(2);
    const executor = startThreads({ pool });
    const values = run(executor, call(tasks.add, [1, 2]), call(tasks.add, [3, 4]));
    await until('two threads', () => pool.threads.length === 2);
    await Promise.all(pool.threads.map((thread) => thread.terminate()));
    expect(await values).toEqual([3, 7]);
  });

  it('is replaced even if another thread is alive and busy', async () => {
    const pool = startPool(2);
    const executor = startThreads({ pool });
    const blocker = await block(executor);
    const [busy] = pool.threads;
    const value = run(executor, call(tasks.add, [1, 2]));
    await until('two threads', () => pool.threads.length === 2);
    await pool.threads.find((thread) => thread !== busy)?.terminate();
    expect(await value).toEqual([3]);
    await blocker.open();
  });

  it('does not delay calls that are sent after a client has gone', async () => {
    const pool = startPool(1);
    const executor = startThreads({ pool });
    const client = new AbortController();
    const aborted = executor.run([call(latches.hold, [new Latch().cells])], client);
    await until('a thread', () => pool.threads.length === 1);
    client.abort();
    await pool.threads[0]?.terminate();
    await aborted;
    expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([3]);
  });

  it('is not replaced forever if no thread ever starts', async () => {
    // Each death is a warning.
    Logger.overrideLogger(false);
    const executor = startThreads({
      resourceLimits: { maxOldGenerationSizeMb: 1, maxYoungGenerationSizeMb: 1 },
    });
    const values = await run(executor, call(tasks.add, [1, 2]), call(tasks.add, [3, 4]));
    expect(values).toEqual([expect.any(BrokenExecutorError), expect.any(BrokenExecutorError)]);
  });
});
