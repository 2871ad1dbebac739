import { Worker } from 'bullmq';
import {
  ExecutorSaturatedError,
  FutureCancelledError,
  FutureTimeoutError,
  type Outcome,
} from '../../src/index.js';
import { call, run, valuesOf } from '../support/executors.js';
import { onEachAdapter } from '../support/app.js';
import { desk } from '../support/desk.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
import { bullmqExecutor } from '../../src/bullmq/index.js';
import {
  Signals,
  cleanUp,
  fleet,
  keysOf,
  redisService,
  startExecutor,
  startWorker,
  testQueue,
  withRedis,
} from './support.js';
import { until, within } from '../support/wait.js';

/** Jobs that wait in a queue. */
function waiting(prefix: string): Promise<number> {
  return withRedis((client) => client.llen(`${prefix}:futures:wait`));
}

describeWith(redisService, 'time limits on a fleet', () => {
  it('end a call that waits in Redis too long, and it never runs', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue);
    const signals = new Signals();
    const late = call(fleet.hold, [signals.folder], { queueTimeout: 100, key: 'x' });
    const [error] = await run(executor, late);
    expect(error).toBeInstanceOf(FutureTimeoutError);
    expect(error).toMatchObject({ phase: 'queue', limit: 100, key: 'x', task: 'fleet.hold' });
    expect(await waiting(queue.prefix)).toBe(0);
    await startWorker(queue);
    expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([3]);
    expect(signals.started).toEqual([]);
  });

  it('end a call that waits too long in the worker', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue);
    const signals = new Signals();
    await startWorker(queue, { threads: { max: 1 }, concurrency: 2 });
    const first = run(executor, call(fleet.hold, [signals.folder]));
    await signals.reached(1);
    const late = call(fleet.hold, [signals.folder], { queueTimeout: 200 });
    const [outcome] = (await executor.run([late])) as [Outcome];
    expect(outcome.value).toBeInstanceOf(FutureTimeoutError);
    expect(outcome.value).toMatchObject({ phase: 'queue', limit: 200 });
    signals.open();
    await first;
    expect(signals.started).toHaveLength(1);
  });

  it('end a call that runs too long, measured from its start, and the worker goes on', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue);
    const signals = new Signals();
    const spinning = run(executor, call(fleet.spinForEver, [signals.folder], { timeout: 300 }));
    // It has all the time it is given though it waited longer.
    await new Promise((resolve) => setTimeout(resolve, 400));
    await startWorker(queue);
    const [error] = await spinning;
    expect(error).toBeInstanceOf(FutureTimeoutError);
    expect(error).toMatchObject({ phase: 'run', limit: 300, task: 'fleet.spinForEver' });
    expect(signals.started).toHaveLength(1);
    expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([3]);
  });

  it('end a call whose worker takes it but never reports an outcome', async () => {
    const queue = testQueue();
    const mute = new Worker(queue.queue, () => new Promise(() => {}), {
      connection: { ...queue.connection, maxRetriesPerRequest: null },
      prefix: queue.prefix,
    });
    cleanUp(() => mute.close(true));
    const silent = call(tasks.add, [1, 2], { timeout: 300, queueTimeout: 500, key: 'x' });
    const [error] = await within('an outcome', run(startExecutor(queue), silent), 25_000);
    expect(error).toBeInstanceOf(FutureTimeoutError);
    expect(error).toMatchObject({ phase: 'run', limit: 300, key: 'x' });
  }, 30_000);

  onEachAdapter('over HTTP', (start) => {
    it('are answered with 504', async () => {
      const queue = testQueue();
      const page = desk((futures) => futures.resultOrSubmit('x', 0, tasks.add, 1, 2));
      const app = await start({
        controllers: [page],
        futures: {
          executor: 'queue',
          executors: { queue: bullmqExecutor(queue) },
          queueTimeout: 50,
        },
      });
      expect((await app.get('/')).status).toBe(504);
    });
  });
});

describeWith(redisService, 'a client that has gone', () => {
  it('has its waiting jobs removed', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue);
    const client = new AbortController();
    const calls = [call(tasks.add, [1, 2]), call(tasks.add, [3, 4], { key: 'y' })];
    const running = executor.run(calls, client);
    await until('two waiting jobs', async () => (await waiting(queue.prefix)) === 2);
    client.abort();
    const errors = valuesOf(await running);
    expect(errors).toEqual([expect.any(FutureCancelledError), expect.any(FutureCancelledError)]);
    expect(errors[1]).toMatchObject({ key: 'y', task: 'basic.add' });
    await until('the jobs to be removed', async () => (await waiting(queue.prefix)) === 0);
    const jobs = (await keysOf(queue.prefix)).filter((key) => /:[\da-f-]{36}-\d+$/.test(key));
    expect(jobs).toEqual([]);
  });

  it('has none of its calls sent if it leaves in the same turn', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue);
    const client = new AbortController();
    const running = executor.run([call(tasks.add, [1, 2])], client);
    client.abort();
    expect(valuesOf(await running)).toEqual([expect.any(FutureCancelledError)]);
    client.abort();
    const more = await executor.run([call(tasks.add, [1, 2])], { signal: AbortSignal.abort() });
    expect(valuesOf(more)).toEqual([expect.any(FutureCancelledError)]);
    expect(await keysOf(queue.prefix)).toEqual([]);
  });

  it('has its running tasks aborted', async () => {
    const queue = testQueue();
    await Promise.all([startWorker(queue), startWorker(queue)]);
    const executor = startExecutor(queue);
    const [ended, other] = [new Signals(), new Signals()];
    const client = new AbortController();
    const gone = executor.run([call(fleet.waitUntilAborted, [ended.folder])], client);
    const stays = run(executor, call(fleet.hold, [other.folder]));
    await Promise.all([ended.reached(1), other.reached(1)]);
    client.abort();
    expect(valuesOf(await gone)).toEqual([expect.any(FutureCancelledError)]);
    await until('the task to be aborted', () => ended.names.includes('aborted'));
    other.open();
    expect(await stays).toEqual(other.started);
  });

  it('does not affect the calls of others in the same job', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue);
    const worker = await startWorker(queue);
    // Short from now on, so that calls share a job.
    await run(executor, call(tasks.add, [1, 2]));
    await worker.kill();
    const client = new AbortController();
    const gone = executor.run([call(tasks.add, [1, 2])], client);
    const stays = run(executor, call(tasks.add, [3, 4]));
    await until('a waiting job', async () => (await waiting(queue.prefix)) === 1);
    client.abort();
    expect(valuesOf(await gone)).toEqual([expect.any(FutureCancelledError)]);
    await startWorker(queue);
    expect(await stays).toEqual([7]);
  });
});

describeWith(redisService, 'a queue that is full', () => {
  it('refuses calls beyond maxQueue, whoever filled it, and takes more when there is room', async () => {
    const queue = testQueue();
    const other = startExecutor(queue);
    const executor = startExecutor(queue, { maxQueue: 2 });
    const [first, second] = [new AbortController(), new AbortController()];
    const waitingCalls = [
      other.run([call(tasks.add, [1, 2])], first),
      executor.run([call(tasks.add, [3, 4])], second),
    ];
    await until('two waiting jobs', async () => (await waiting(queue.prefix)) === 2);
    const refused = valuesOf(
      await executor.run([call(tasks.add, [5, 6]), call(tasks.add, [7, 8])]),
    );
    expect(refused).toEqual([
      expect.any(ExecutorSaturatedError),
      expect.any(ExecutorSaturatedError),
    ]);
    expect(refused[0]).toMatchObject({ code: 'ERR_FUTURES_SATURATED', retryAfter: 1 });
    expect((refused[0] as Error).message).toContain('"maxQueue" (2)');
    first.abort();
    second.abort();
    await until('the jobs to be removed', async () => (await waiting(queue.prefix)) === 0);
    await startWorker(queue);
    expect(await run(executor, call(tasks.add, [5, 6]))).toEqual([11]);
    expect(valuesOf((await Promise.all(waitingCalls)).flat())).toEqual([
      expect.any(FutureCancelledError),
      expect.any(FutureCancelledError),
    ]);
  });

  onEachAdapter('over HTTP', (start) => {
    it('is answered with 503 and Retry-After', async () => {
      const queue = testQueue();
      const page = desk((futures) => futures.resultOrSubmit('x', 0, tasks.add, 1, 2));
      const executors = { queue: bullmqExecutor({ ...queue, maxQueue: 0 }) };
      const app = await start({ controllers: [page], futures: { executor: 'queue', executors } });
      const { status, headers } = await app.get('/');
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    });
  });
});
