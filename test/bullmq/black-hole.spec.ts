import { Logger } from '@nestjs/common';
import { BrokenExecutorError } from '../../src/index.js';
import { call, run } from '../support/executors.js';
import { MemoryLogger } from '../support/memory-logger.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
import {
  REDIS,
  Signals,
  fleet,
  idempotentFleet,
  inTime,
  redisService,
  spawnWorker,
  startExecutor,
  startWorker,
  testQueue,
  until,
} from './support.js';
import { TcpProxy, type Swallowed } from './tcp-proxy.js';

const directions: Swallowed[] = ['requests', 'replies', 'both'];

describeWith(redisService, 'a connection that swallows what it is given', () => {
  beforeEach(() => Logger.overrideLogger(new MemoryLogger()));

  it.each(directions)(
    'costs a worker only its current call (%s): the worker recovers afterwards',
    async (swallowed) => {
      const queue = testQueue();
      const proxy = await TcpProxy.start(REDIS.port);
      const there = { ...queue, connection: { host: '127.0.0.1', port: proxy.port } };
      const worker = await startWorker(there, { stalledAfter: 2_000 });
      const executor = startExecutor(queue);
      const signals = new Signals();
      const running = run(executor, call(fleet.hold, [signals.folder]));
      await signals.reached(1);
      proxy.swallow(swallowed);
      const [error] = await inTime(12_000, 'an outcome', running);
      expect(error).toBeInstanceOf(BrokenExecutorError);
      signals.open();
      proxy.heal();
      const places = run(executor, call(tasks.where, []));
      expect(await inTime(15_000, 'a call that the worker runs again', places)).toEqual([
        expect.objectContaining({ pid: worker.pid }),
      ]);
    },
    40_000,
  );

  it('makes an idempotent call run on another worker', async () => {
    const queue = testQueue();
    const proxy = await TcpProxy.start(REDIS.port);
    const there = { ...queue, connection: { host: '127.0.0.1', port: proxy.port } };
    await startWorker(there, { stalledAfter: 2_000 });
    const executor = startExecutor(queue);
    const signals = new Signals();
    const running = run(executor, call(idempotentFleet.hold, [signals.folder]));
    await signals.reached(1);
    proxy.swallow('both');
    const other = await startWorker(queue, { stalledAfter: 2_000 });
    await inTime(12_000, 'a second run', signals.reached(2));
    signals.open();
    expect(await inTime(5_000, 'an outcome', running)).toEqual([other.pid]);
  }, 30_000);

  it.each(directions)(
    'fails the current calls of a web app, but no later ones (%s)',
    async (swallowed) => {
      const queue = testQueue();
      const proxy = await TcpProxy.start(REDIS.port);
      const there = { ...queue, connection: { host: '127.0.0.1', port: proxy.port } };
      await startWorker(queue);
      const executor = startExecutor(there, { redisTimeout: 500 });
      expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([3]);
      const signals = new Signals();
      const running = run(executor, call(fleet.hold, [signals.folder], { timeout: 2_000 }));
      await signals.reached(1);
      proxy.swallow(swallowed);
      const [unsent] = await inTime(3_000, 'a refusal', run(executor, call(tasks.add, [1, 2])));
      expect(unsent).toBeInstanceOf(BrokenExecutorError);
      const [error] = await inTime(8_000, 'an outcome', running);
      expect(error).toBeInstanceOf(BrokenExecutorError);
      signals.open();
      proxy.heal();
      await inTime(
        10_000,
        'a call that is run again',
        until(async () => (await run(executor, call(tasks.add, [1, 2])))[0] === 3),
      );
    },
    30_000,
  );

  it('delays a worker and a web app that start meanwhile', async () => {
    const queue = testQueue();
    const proxy = await TcpProxy.start(REDIS.port);
    proxy.swallow('replies');
    const there = { ...queue, connection: { host: '127.0.0.1', port: proxy.port } };
    const worker = spawnWorker(there);
    const executor = startExecutor(there, { redisTimeout: 500 });
    const [error] = await inTime(3_000, 'a refusal', run(executor, call(tasks.add, [1, 2])));
    expect(error).toBeInstanceOf(BrokenExecutorError);
    // Both wait for the first words of Redis by now.
    await inTime(5_000, 'their connections', proxy.reached(5));
    proxy.heal();
    await inTime(
      25_000,
      'a call that is run',
      until(async () => (await run(executor, call(tasks.add, [1, 2])))[0] === 3),
    );
    expect(worker.process.exitCode).toBeNull();
  }, 40_000);

  it('does not lose an outcome for a web app: its inbox is read again', async () => {
    const queue = testQueue();
    const proxy = await TcpProxy.start(REDIS.port);
    const there = { ...queue, connection: { host: '127.0.0.1', port: proxy.port } };
    await startWorker(queue);
    const executor = startExecutor(there);
    const signals = new Signals();
    const running = run(executor, call(fleet.hold, [signals.folder], { timeout: 30_000 }));
    await signals.reached(1);
    proxy.swallow('replies');
    signals.open();
    await new Promise((resolve) => setTimeout(resolve, 500));
    proxy.heal();
    expect(await inTime(15_000, 'the outcome', running)).toHaveLength(1);
    expect((await running)[0]).toEqual(expect.any(Number));
  }, 30_000);
});
