import { Controller, Get, Logger } from '@nestjs/common';
import { BrokenExecutorError, Futures, FuturesService } from '../../src/index.js';
import { bullmqExecutor } from '../../src/bullmq/index.js';
import { call, run } from '../support/executors.js';
import { onEachAdapter } from '../support/app.js';
import { MemoryLogger } from '../support/memory-logger.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
import { OwnRedis, redisServer } from './own-redis.js';
import { Signals, fleet, spawnWorker, startExecutor, startWorker, testQueue } from './support.js';
import { until } from '../support/wait.js';

describeWith(redisServer, 'while Redis is away', () => {
  let log: MemoryLogger;

  beforeEach(() => {
    log = new MemoryLogger();
    Logger.overrideLogger(log);
  });

  it('calls fail, and later ones run when it is back', async () => {
    const redis = await new OwnRedis().start();
    const queue = testQueue(redis.port);
    const worker = await startWorker(queue);
    const executor = startExecutor(queue, { redisTimeout: 300 });
    expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([3]);
    await redis.stop();
    const [error] = await run(executor, call(tasks.add, [1, 2], { key: 'x' }));
    expect(error).toBeInstanceOf(BrokenExecutorError);
    expect(error).toMatchObject({ key: 'x', task: 'basic.add' });
    expect((error as Error).message).toMatch(/Redis.* cannot be reached/);
    await redis.start();
    await until(
      'a call that is run again',
      async () => (await run(executor, call(tasks.add, [1, 2])))[0] === 3,
    );
    // Lost, refused, silent: once for each of two connections, not for each attempt to connect.
    expect(log.warnings.length).toBeGreaterThanOrEqual(1);
    expect(log.warnings.length).toBeLessThanOrEqual(6);
    expect(log.errors).toEqual([]);
    expect(worker.log().split('\n').length).toBeLessThan(12);
  }, 30_000);

  it('calls in flight fail when they time out', async () => {
    const redis = await new OwnRedis().start();
    const queue = testQueue(redis.port);
    await startWorker(queue);
    const executor = startExecutor(queue, { redisTimeout: 300 });
    const signals = new Signals();
    const running = run(executor, call(fleet.hold, [signals.folder], { timeout: 1_000 }));
    await signals.reached(1);
    await redis.stop();
    const [error] = await running;
    expect(error).toBeInstanceOf(BrokenExecutorError);
    expect((error as Error).message).toContain('Redis was lost, and is not back');
  }, 30_000);

  it('calls in flight are answered when it is back, even if it has lost their jobs', async () => {
    const redis = await new OwnRedis().start();
    const queue = testQueue(redis.port);
    const worker = await startWorker(queue);
    const executor = startExecutor(queue);
    const signals = new Signals();
    const running = run(executor, call(fleet.hold, [signals.folder]));
    await signals.reached(1);
    await redis.stop();
    // Its answer is given while there is nobody to take it.
    signals.open();
    await redis.start();
    expect(await running).toEqual([worker.pid]);
    await until(
      'a call that is run again',
      async () => (await run(executor, call(tasks.add, [1, 2])))[0] === 3,
    );
  }, 30_000);

  it('calls fail even if its connections stay open', async () => {
    const redis = await new OwnRedis().start();
    const queue = testQueue(redis.port);
    await startWorker(queue);
    const executor = startExecutor(queue, { redisTimeout: 300 });
    expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([3]);
    redis.freeze();
    const [error] = await run(executor, call(tasks.add, [1, 2]));
    expect(error).toBeInstanceOf(BrokenExecutorError);
    redis.thaw();
    await until(
      'a call that is run again',
      async () => (await run(executor, call(tasks.add, [1, 2])))[0] === 3,
    );
  }, 30_000);

  it('the first call fails too; later ones run once Redis is there', async () => {
    const redis = new OwnRedis();
    await redis.start();
    await redis.stop();
    const queue = testQueue(redis.port);
    const executor = startExecutor(queue, { redisTimeout: 300 });
    spawnWorker(queue);
    const started = performance.now();
    expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([expect.any(BrokenExecutorError)]);
    // Once it is known, no call waits for it.
    const known = performance.now();
    expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([expect.any(BrokenExecutorError)]);
    expect(performance.now() - known).toBeLessThan(known - started);
    await redis.start();
    await until(
      'a call that is run again',
      async () => (await run(executor, call(tasks.add, [1, 2])))[0] === 3,
    );
  }, 30_000);

  onEachAdapter('over HTTP', (start) => {
    it('plain routes are answered, others get 500, and the app can be closed', async () => {
      const redis = await new OwnRedis().start();
      const queue = testQueue(redis.port);
      await startWorker(queue);
      @Controller()
      class Desk {
        @Get('plain')
        plain() {
          return { plain: true };
        }
        @Get()
        page(@Futures() futures: FuturesService) {
          return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
        }
      }
      const executors = { queue: bullmqExecutor({ ...queue, redisTimeout: 300 }) };
      const app = await start({ controllers: [Desk], futures: { executor: 'queue', executors } });
      expect((await app.get('/')).body).toEqual({ sum: 3 });
      await redis.stop();
      const [page, plain] = await Promise.all([app.get('/'), app.get('/plain')]);
      expect(page.status).toBe(500);
      expect(plain).toMatchObject({ status: 200, body: { plain: true } });
      expect(app.log.errors.join()).toMatch(/Redis.* cannot be reached/);
      await app.close();
    }, 30_000);
  });
});
