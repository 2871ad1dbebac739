import { Logger } from '@nestjs/common';
import { ExecutorSaturatedError, FutureTimeoutError } from '../../src/index.js';
import { bullmqExecutor } from '../../src/bullmq/index.js';
import { call, run } from '../support/executors.js';
import { onEachAdapter } from '../support/app.js';
import { desk } from '../support/desk.js';
import { MemoryLogger } from '../support/memory-logger.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
import { OwnRedis, redisServer } from './own-redis.js';
import { Signals, fleet, redisService, startExecutor, startWorker, testQueue } from './support.js';
import { until, within } from '../support/wait.js';

describeWith(redisServer, 'a call that no worker takes', () => {
  it.each<[string, (redis: OwnRedis) => unknown]>([
    ['is killed', (redis) => redis.stop()],
    ['hangs', (redis) => redis.freeze()],
    ['refuses writes', (redis) => redis.refuseWrites()],
  ])('ends after queueTimeout even if Redis %s meanwhile', async (_what, break_) => {
    const redis = await new OwnRedis().start();
    const queue = testQueue(redis.port);
    const executor = startExecutor(queue, { redisTimeout: 300 });
    const running = run(executor, call(tasks.add, [1, 2], { queueTimeout: 1_500, key: 'x' }));
    await until(
      'a stored job',
      async () => (await redis.command('LLEN', `${queue.prefix}:futures:wait`)) === 1,
    );
    await break_(redis);
    const [error] = await within('an outcome', running);
    redis.thaw();
    expect(error).toBeInstanceOf(FutureTimeoutError);
    expect(error).toMatchObject({ phase: 'queue', limit: 1_500, key: 'x', task: 'basic.add' });
  });
});

describeWith(redisService, 'a queue without workers', () => {
  let log: MemoryLogger;

  beforeEach(() => {
    log = new MemoryLogger();
    Logger.overrideLogger(log);
  });

  it('causes one warning, which says what to do', async () => {
    const executor = startExecutor(testQueue());
    const calls = Array.from({ length: 3 }, () => call(tasks.add, [1, 2], { queueTimeout: 4_000 }));
    await run(executor, ...calls);
    const warnings = log.warnings.filter((text) => text.includes('No worker is alive'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/FuturesWorkerModule.*3 calls wait, the oldest for \d+ s/s);
  });

  it('is distinguished from a queue whose workers are busy', async () => {
    const queue = testQueue();
    await startWorker(queue, { threads: { max: 1 }, concurrency: 1 });
    const executor = startExecutor(queue);
    const signals = new Signals();
    const first = run(executor, call(fleet.hold, [signals.folder], { timeout: 60_000 }));
    await signals.reached(1);
    const second = run(executor, call(tasks.add, [1, 2]));
    await until('a warning', () => log.warnings.some((text) => text.includes('1 worker is alive')));
    expect(log.warnings.join()).not.toContain('No worker is alive');
    signals.open();
    await first;
    expect(await second).toEqual([3]);
  }, 30_000);

  it('refuses calls at once with failWithoutWorkers, and takes them when there is a worker', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue, { failWithoutWorkers: true });
    const refused = call(tasks.add, [1, 2], { queueTimeout: 15_000, key: 'x' });
    const [error] = await within('a refusal', run(executor, refused));
    expect(error).toBeInstanceOf(ExecutorSaturatedError);
    expect((error as Error).message).toMatch(
      /no worker is alive.*"futures".*FuturesWorkerModule/is,
    );
    await startWorker(queue);
    expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([3]);
  });

  it('refuses waiting calls with failWithoutWorkers when the last worker leaves', async () => {
    const queue = testQueue();
    const worker = await startWorker(queue, { threads: { max: 1 }, concurrency: 1 });
    const executor = startExecutor(queue, { failWithoutWorkers: true });
    const signals = new Signals();
    const first = run(executor, call(fleet.hold, [signals.folder]));
    await signals.reached(1);
    const second = run(executor, call(tasks.add, [1, 2], { queueTimeout: 15_000 }));
    await new Promise(setImmediate);
    const leaving = worker.kill('SIGTERM');
    // It finishes what it has, and takes nothing more.
    await until(
      'a running call',
      () => worker.process.exitCode === null && executor.stats().running >= 1,
    );
    signals.open();
    expect(await first).toEqual([worker.pid]);
    await leaving;
    const [outcome] = await within('a refusal', second);
    expect(outcome === 3 || outcome instanceof ExecutorSaturatedError).toBe(true);
  }, 30_000);

  onEachAdapter('over HTTP', (start) => {
    it.each(['handler', 'request'] as const)(
      'is answered with 503 and Retry-After with failWithoutWorkers (replay: %s)',
      async (replay) => {
        const page = desk((futures) => futures.resultOrSubmit('x', 0, tasks.add, 1, 2));
        const executors = { queue: bullmqExecutor({ ...testQueue(), failWithoutWorkers: true }) };
        const app = await start({
          controllers: [page],
          futures: { executor: 'queue', executors, replay },
        });
        const { status, headers } = await within('an answer', app.get('/'));
        expect(status).toBe(503);
        expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      },
    );
  });
});
