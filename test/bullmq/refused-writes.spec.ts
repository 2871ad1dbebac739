import { Logger } from '@nestjs/common';
import { BrokenExecutorError, FutureTimeoutError } from '../../src/index.js';
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

describeWith(redisServer, 'while Redis refuses writes', () => {
  beforeEach(() => Logger.overrideLogger(new MemoryLogger()));

  it('each call in flight gets an outcome within its limits', async () => {
    const redis = await new OwnRedis().start();
    const queue = testQueue(redis.port);
    await startWorker(queue, { stalledAfter: 30_000 });
    const executor = startExecutor(queue, { redisTimeout: 300 });
    const signals = new Signals();
    // Two run, eight wait.
    const calls = Array.from({ length: 10 }, () =>
      call(fleet.hold, [signals.folder], { timeout: 3_000, queueTimeout: 3_000 }),
    );
    const running = run(executor, ...calls);
    await signals.reached(2);
    await redis.refuseWrites();
    const values = await within('all outcomes', running);
    expect(values).toHaveLength(10);
    for (const value of values) {
      expect(value instanceof BrokenExecutorError || value instanceof FutureTimeoutError).toBe(
        true,
      );
    }
    const [refused] = await within('a refusal', run(executor, call(tasks.add, [1, 2])));
    expect(refused).toBeInstanceOf(BrokenExecutorError);
    expect((refused as Error).message).toContain('READONLY');
    await redis.takeWrites();
    signals.open();
    await until(
      'a call that is run again',
      async () => (await run(executor, call(tasks.add, [1, 2])))[0] === 3,
    );
  }, 40_000);

  it('the worker keeps an outcome, which arrives when writes are accepted again', async () => {
    const redis = await new OwnRedis().start();
    const queue = testQueue(redis.port);
    const worker = await startWorker(queue, { stalledAfter: 20_000 });
    const executor = startExecutor(queue);
    const signals = new Signals();
    const running = run(executor, call(fleet.holdAndTell, [signals.folder]));
    await signals.reached(1);
    await redis.refuseWrites();
    signals.open();
    await until('the task to end', () => signals.names.includes('done'));
    // By now the worker has tried to give it back.
    await until('the refusal in the log', () => worker.log().includes('READONLY'));
    await redis.takeWrites();
    expect(await within('the outcome', running)).toEqual([worker.pid]);
  }, 30_000);

  it('a worker continues a running task, and does not start it again', async () => {
    const redis = await new OwnRedis().start();
    const queue = testQueue(redis.port);
    const worker = await startWorker(queue, { stalledAfter: 1_000, threads: { max: 4 } });
    const executor = startExecutor(queue);
    const signals = new Signals();
    const running = run(executor, call(idempotentFleet.hold, [signals.folder]));
    await signals.reached(1);
    await redis.refuseWrites();
    const job = async () => {
      const [key = ''] = (await redis.command('KEYS', `${queue.prefix}:futures:*-1`)) as string[];
      return key;
    };
    const lock = `${await job()}:lock`;
    // Its lock has expired: by the rules of the queue, its job is anybody's.
    await until('a stall', async () => (await redis.command('PTTL', lock)) === -2);
    await redis.takeWrites();
    const taken = async () => (await redis.command('HGET', await job(), 'stc')) === '1';
    await until('its job to be taken again', taken);
    await until('a lock', async () => (await redis.command('EXISTS', lock)) === 1);
    // Tasks that the worker was given later have run, so that a second run would have begun.
    for (let i = 0; i < 3; i++) await run(executor, call(tasks.greet, ['Ada']));
    signals.open();
    expect(await within('the outcome', running)).toEqual([worker.pid]);
    expect(signals.started).toHaveLength(1);
  }, 30_000);
});
