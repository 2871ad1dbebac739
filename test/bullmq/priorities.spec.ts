import {
  ExecutorSaturatedError,
  FutureCancelledError,
  FutureTimeoutError,
} from '../../src/index.js';
import { call, run, valuesOf } from '../support/executors.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
import { until } from '../support/wait.js';
import {
  fleet,
  redisService,
  Signals,
  startExecutor,
  startWorker,
  testQueue,
  withRedis,
} from './support.js';

/** Jobs that wait in a queue, without and with a priority of BullMQ's. */
async function waiting(prefix: string): Promise<number> {
  const [plain, prioritized] = await Promise.all([
    withRedis((client) => client.llen(`${prefix}:futures:wait`)),
    withRedis((client) => client.zcard(`${prefix}:futures:prioritized`)),
  ]);
  return plain + prioritized;
}

describeWith(redisService, 'calls of different priorities in a queue', () => {
  it('are taken in the order of their priorities', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue);
    const names: string[] = [];
    const signals = new Signals();
    signals.open();
    const ended: Promise<unknown>[] = [];
    for (const [i, priority] of (['low', 'normal', 'low', 'normal', 'high'] as const).entries()) {
      const hold = call(fleet.hold, [signals.folder], { priority });
      ended.push(run(executor, hold).then(() => names.push(priority)));
      await until('the job to wait', async () => (await waiting(queue.prefix)) === i + 1);
    }
    await startWorker(queue, { threads: { max: 1 }, concurrency: 1 });
    await Promise.all(ended);
    expect(names).toEqual(['high', 'normal', 'normal', 'low', 'low']);
  });

  it('count for maxQueue, and are removed with their client, whatever their priority', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue, { maxQueue: 2 });
    const client = new AbortController();
    const low = executor.run([call(tasks.add, [1, 2], { priority: 'low' })], client);
    const high = executor.run([call(tasks.add, [1, 2], { priority: 'high' })], client);
    await until('two waiting jobs', async () => (await waiting(queue.prefix)) === 2);
    const refused = await run(executor, call(tasks.add, [1, 2]));
    expect(refused[0]).toBeInstanceOf(ExecutorSaturatedError);
    client.abort();
    expect(valuesOf([...(await low), ...(await high)])).toEqual([
      expect.any(FutureCancelledError),
      expect.any(FutureCancelledError),
    ]);
    await until('the jobs to be removed', async () => (await waiting(queue.prefix)) === 0);
  });

  it('share a job only with calls of the same priority', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue);
    const worker = await startWorker(queue);
    // Short from now on, so that calls share a job.
    await run(executor, call(tasks.add, [1, 2]));
    await worker.kill();
    const low = { priority: 'low' } as const;
    const batch = run(
      executor,
      call(tasks.add, [1, 2], low),
      call(tasks.add, [3, 4]),
      call(tasks.add, [5, 6], low),
    );
    await until('two waiting jobs', async () => (await waiting(queue.prefix)) === 2);
    await startWorker(queue);
    expect(await batch).toEqual([3, 7, 11]);
  });
});

describeWith(redisService, 'a deadline in a queue', () => {
  it('ends the wait of a call that no worker has taken', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue);
    const late = call(tasks.add, [1, 2], { deadline: performance.now() + 150, key: 'x' });
    const [error] = await run(executor, late);
    expect(error).toBeInstanceOf(FutureTimeoutError);
    expect(error).toMatchObject({ phase: 'queue', key: 'x' });
    expect(await waiting(queue.prefix)).toBe(0);
  });

  it('that is far away has no effect', async () => {
    const queue = testQueue();
    await startWorker(queue);
    const call1 = call(tasks.add, [1, 2], { deadline: performance.now() + 60_000 });
    expect(await run(startExecutor(queue), call1)).toEqual([3]);
  });
});
