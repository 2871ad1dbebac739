import { Logger } from '@nestjs/common';
import { BrokenExecutorError } from '../../src/index.js';
import { call, run } from '../support/executors.js';
import { MemoryLogger } from '../support/memory-logger.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
import { OwnRedis, redisServer } from './own-redis.js';
import {
  Signals,
  fleet,
  idempotentFleet,
  startExecutor,
  startWorker,
  testQueue,
} from './support.js';
import { until, within } from '../support/wait.js';

describeWith(redisServer, 'when Redis loses its data', () => {
  beforeEach(() => Logger.overrideLogger(new MemoryLogger()));

  it.each<[string, (redis: OwnRedis) => Promise<unknown>]>([
    ['FLUSHALL', (redis) => redis.command('FLUSHALL')],
    ['a restart', (redis) => redis.stop().then(() => redis.start())],
  ])(
    'calls that run on workers still get their outcomes (%s)',
    async (_how, lose) => {
      const redis = await new OwnRedis().start();
      const queue = testQueue(redis.port);
      const worker = await startWorker(queue, { threads: { max: 10 } });
      const executor = startExecutor(queue);
      const signals = new Signals();
      const calls = Array.from({ length: 10 }, () => call(fleet.hold, [signals.folder]));
      const running = run(executor, ...calls);
      await signals.reached(10);
      await lose(redis);
      // Longer than an app waits for jobs of which no worker says that it runs them.
      const settled = await Promise.race([
        running,
        new Promise((r) => setTimeout(r, 7_000, 'none')),
      ]);
      expect(settled).toBe('none');
      signals.open();
      const values = await within('the answers', running);
      expect(values).toEqual(Array.from({ length: 10 }, () => worker.pid));
    },
    40_000,
  );

  it('an outcome that is sent at that moment is not lost', async () => {
    const redis = await new OwnRedis().start();
    const queue = testQueue(redis.port);
    const worker = await startWorker(queue, { threads: { max: 10 } });
    const executor = startExecutor(queue);
    const signals = new Signals();
    const calls = Array.from({ length: 10 }, () => call(fleet.hold, [signals.folder]));
    const running = run(executor, ...calls);
    await signals.reached(10);
    await redis.command('FLUSHALL');
    signals.open();
    const values = await within('the answers', running);
    expect(values).toEqual(Array.from({ length: 10 }, () => worker.pid));
    // Both inboxes are there again.
    expect(await within('an answer', run(executor, call(tasks.add, [1, 2])))).toEqual([3]);
  }, 30_000);

  it('a waiting call is sent again if it is idempotent, and fails if not', async () => {
    const redis = await new OwnRedis().start();
    const queue = testQueue(redis.port);
    const executor = startExecutor(queue);
    const signals = new Signals();
    signals.open();
    const again = run(executor, call(idempotentFleet.hold, [signals.folder]));
    const once = run(executor, call(fleet.hold, [signals.folder], { key: 'x' }));
    await until(
      'two stored jobs',
      async () => (await redis.command('LLEN', `${queue.prefix}:futures:wait`)) === 2,
    );
    await redis.command('FLUSHALL');
    const [error] = await within('an error', once);
    expect(error).toBeInstanceOf(BrokenExecutorError);
    expect((error as Error).message).toMatch(/Redis has lost its data.*idempotent: true/s);
    const worker = await startWorker(queue);
    expect(await within('an answer', again)).toEqual([worker.pid]);
    expect(signals.started).toHaveLength(1);
  }, 40_000);
});
