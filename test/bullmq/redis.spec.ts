import { Queue } from 'bullmq';
import { BrokenExecutorError } from '../../src/index.js';
import { call, run } from '../support/executors.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
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
import { until } from '../support/wait.js';

/** What BullMQ keeps of a queue for ever, whatever was in it. */
const OF_THE_QUEUE = new Set(['id', 'meta', 'events']);

/** What a queue has in Redis beside that, and beside what expires. */
async function leftovers(prefix: string): Promise<string[]> {
  const keys = await keysOf(prefix);
  const ttls = await withRedis((client) => Promise.all(keys.map((key) => client.pttl(key))));
  return keys.filter((key, i) => {
    const isOfQueue = OF_THE_QUEUE.has(key.slice(`${prefix}:futures:`.length));
    return !isOfQueue && ttls[i] === -1;
  });
}

describeWith(redisService, 'what is in Redis', () => {
  it('contains nothing of jobs and processes when all have ended', async () => {
    const queue = testQueue();
    const worker = await startWorker(queue);
    const executor = startExecutor(queue);
    for (let i = 0; i < 20; i++) {
      await run(executor, call(tasks.add, [1, 2]), call(tasks.fail, ['x']));
    }
    await executor.close({ timeout: 1_000 });
    await worker.kill('SIGTERM');
    expect(await leftovers(queue.prefix)).toEqual([]);
    const all = await keysOf(queue.prefix);
    expect(all.filter((key) => key.includes('inbox') || key.includes('workers'))).toEqual([]);
  });

  it('expires if the process that waits has died', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue);
    await startWorker(queue);
    await run(executor, call(tasks.add, [1, 2]));
    const inboxes = (await keysOf(queue.prefix)).filter((key) => key.includes('inbox'));
    expect(inboxes).toHaveLength(2);
    for (const inbox of inboxes) {
      const ttl = await withRedis((client) => client.pttl(inbox));
      expect(ttl).toBeGreaterThan(0);
      expect(ttl).toBeLessThanOrEqual(30_000);
    }
  });

  it('does not grow: outcomes are removed once they are read', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue);
    await startWorker(queue);
    for (let i = 0; i < 50; i++) await run(executor, call(fleet.text, [1_000]));
    const inboxes = (await keysOf(queue.prefix)).filter((key) => key.includes('inbox'));
    const length = (inbox: string) => withRedis((client) => client.xlen(inbox));
    await until('empty inboxes', async () =>
      (await Promise.all(inboxes.map(length))).every((n) => n === 0),
    );
  });
});

describeWith(redisService, 'no call waits for ever:', () => {
  it('a call fails if its job was removed from the queue', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue);
    const running = run(executor, call(tasks.add, [1, 2], { key: 'x' }));
    const operator = new Queue(queue.queue, queue);
    cleanUp(() => operator.close());
    await until('the job to be stored', async () => (await operator.getWaitingCount()) === 1);
    await operator.drain();
    const [error] = await running;
    expect(error).toBeInstanceOf(BrokenExecutorError);
    expect(error).toMatchObject({ key: 'x', task: 'basic.add' });
    expect((error as Error).message).toContain('removed from the queue');
  }, 20_000);

  it('a call is answered even if its inbox was lost and had to be created again', async () => {
    const queue = testQueue();
    await startWorker(queue);
    const executor = startExecutor(queue);
    const signals = new Signals();
    const running = run(executor, call(fleet.hold, [signals.folder]));
    await signals.reached(1);
    const inboxes = await withRedis(async (redis) => {
      const keys = await redis.keys(`${queue.prefix}:futures:futures:inbox:*`);
      await redis.del(keys);
      return keys;
    });
    expect(inboxes).toHaveLength(2);
    signals.open();
    expect(await running).toEqual(signals.started);
  }, 20_000);
});

describeWith(redisService, 'an outcome that nobody waits for any more', () => {
  it('is dropped, even if it arrives twice', async () => {
    const queue = testQueue();
    await startWorker(queue);
    const executor = startExecutor(queue);
    const inboxes = () => withRedis((c) => c.keys(`${queue.prefix}:futures:futures:inbox:*`));
    const signals = new Signals();
    const before = await inboxes();
    const running = run(executor, call(fleet.hold, [signals.folder]));
    await signals.reached(1);
    const inbox = (await inboxes()).find((key) => !before.includes(key)) ?? '';
    // What the worker is about to say, said before, and to a job that there is not.
    await withRedis(async (client) => {
      const [stream] = (await client.keys(`${queue.prefix}:futures:*-1`)) as [string];
      const id = stream.slice(`${queue.prefix}:futures:`.length);
      const { token } = JSON.parse((await client.hget(stream, 'data')) ?? '') as { token: string };
      const five = '/w9JCg==';
      for (const jobId of [`${id}0`, id, id]) {
        await client.xadd(inbox, '*', 'm', JSON.stringify([jobId, token, [[0, 0, five, 'w', 1]]]));
      }
    });
    expect(await running).toEqual([5]);
    signals.open();
    expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([3]);
    expect(executor.stats()).toMatchObject({ resolved: 2, failed: 0, queued: 0, running: 0 });
  });
});
