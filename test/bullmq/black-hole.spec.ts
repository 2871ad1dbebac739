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
  redisService,
  spawnWorker,
  startExecutor,
  startWorker,
  testQueue,
} from './support.js';
import { TcpProxy, type Swallowed } from './tcp-proxy.js';
import { until, within } from '../support/wait.js';

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
      const [error] = await within('an outcome', running);
      expect(error).toBeInstanceOf(BrokenExecutorError);
      signals.open();
      proxy.heal();
      const places = run(executor, call(tasks.where, []));
      expect(await within('a call that the worker runs again', places)).toEqual([
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
    await signals.reached(2);
    signals.open();
    expect(await within('an outcome', running)).toEqual([other.pid]);
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
      const [unsent] = await within('a refusal', run(executor, call(tasks.add, [1, 2])));
      expect(unsent).toBeInstanceOf(BrokenExecutorError);
      const [error] = await within('an outcome', running);
      expect(error).toBeInstanceOf(BrokenExecutorError);
      signals.open();
      proxy.heal();
      await until(
        'a call that is run again',
        async () => (await run(executor, call(tasks.add, [1, 2])))[0] === 3,
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
    const [error] = await within('a refusal', run(executor, call(tasks.add, [1, 2])));
    expect(error).toBeInstanceOf(BrokenExecutorError);
    // Both wait for the first words of Redis by now.
    await proxy.reached(5);
    proxy.heal();
    await until(
      'a call that is run',
      async () => (await run(executor, call(tasks.add, [1, 2])))[0] === 3,
      25_000,
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
    expect(await within('the outcome', running)).toHaveLength(1);
    expect((await running)[0]).toEqual(expect.any(Number));
  }, 30_000);
});
