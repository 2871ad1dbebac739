import { BrokenExecutorError, type Outcome } from '../../src/index.js';
import { call, run } from '../support/executors.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
import {
  Signals,
  fleet,
  idempotentFleet,
  keysOf,
  redisService,
  startExecutor,
  startWorker,
  testQueue,
  withRedis,
} from './support.js';
import { until } from '../support/wait.js';

/** How soon a worker counts as dead, in ms. */
const stalledAfter = 2_000;

describeWith(redisService, 'several workers', () => {
  it('share the calls of one batch', async () => {
    const queue = testQueue();
    const workers = await Promise.all([startWorker(queue), startWorker(queue)]);
    const executor = startExecutor(queue);
    const signals = new Signals();
    const holding = run(
      executor,
      ...Array.from({ length: 4 }, () => call(fleet.hold, [signals.folder])),
    );
    // Two threads each: they all run at once.
    await signals.reached(4);
    signals.open();
    const pids = (await holding) as number[];
    expect(new Set(pids)).toEqual(new Set(workers.map(({ pid }) => pid)));
    await run(executor, call(tasks.add, [1, 2]));
    expect(executor.stats().workers).toBe(2);
  });

  it('share short calls too: a job carries as many as take a few ms', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue);
    const worker = await startWorker(queue);
    const spins = Array.from({ length: 8 }, () => call(tasks.spin, [2]));
    for (let i = 0; i < 5; i++) await run(executor, ...spins);
    await worker.kill();
    const jobs = run(executor, ...spins);
    const count = () => withRedis((client) => client.llen(`${queue.prefix}:futures:wait`));
    await until('a stored job', async () => (await count()) > 0);
    expect(await count()).toBeGreaterThanOrEqual(2);
    expect(await count()).toBeLessThanOrEqual(8);
    await startWorker(queue);
    await jobs;
  });
});

describeWith(redisService, 'a worker that is killed in the middle of a task', () => {
  it('has its task run again elsewhere if the task is idempotent', async () => {
    const queue = testQueue();
    await Promise.all([
      startWorker(queue, { stalledAfter, concurrency: 1 }),
      startWorker(queue, { stalledAfter, concurrency: 1 }),
    ]);
    const signals = new Signals();
    const [outcome] = (await startExecutor(queue).run([
      call(idempotentFleet.survive, [signals.folder, 1], { timeout: 20_000 }),
    ])) as [Outcome];
    const [first, second] = signals.started;
    expect(signals.started).toHaveLength(2);
    expect(first).not.toBe(second);
    expect(outcome).toMatchObject({ status: 'resolved' });
    expect(signals.started).toContain(outcome.value);
  }, 30_000);

  it('fails its task without a second run if the task is not idempotent', async () => {
    const queue = testQueue();
    const [one, other] = await Promise.all([
      startWorker(queue, { stalledAfter }),
      startWorker(queue, { stalledAfter }),
    ]);
    const executor = startExecutor(queue);
    const signals = new Signals();
    const running = run(executor, call(fleet.hold, [signals.folder], { key: 'x' }));
    const [pid] = await signals.reached(1);
    await (pid === one.pid ? one : other).kill();
    const [error] = await running;
    expect(error).toBeInstanceOf(BrokenExecutorError);
    expect(error).toMatchObject({ key: 'x', task: 'fleet.hold' });
    expect((error as Error).message).toContain('idempotent: true');
    // The other one goes on.
    expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([3]);
    expect(signals.started).toHaveLength(1);
  }, 30_000);

  it('fails its task even if no other worker is left to report it', async () => {
    const queue = testQueue();
    const worker = await startWorker(queue, { stalledAfter: 500 });
    const signals = new Signals();
    const running = run(startExecutor(queue), call(fleet.hold, [signals.folder]));
    await signals.reached(1);
    await worker.kill();
    expect(await running).toEqual([expect.any(BrokenExecutorError)]);
  }, 30_000);

  it('fails a task that kills every worker that runs it', async () => {
    const queue = testQueue();
    for (let i = 0; i < 3; i++) await startWorker(queue, { stalledAfter: 500 });
    const last = await startWorker(queue, { stalledAfter: 500 });
    const executor = startExecutor(queue);
    const signals = new Signals();
    const [error] = await run(executor, call(idempotentFleet.survive, [signals.folder, 9]));
    expect(error).toBeInstanceOf(BrokenExecutorError);
    expect((error as Error).message).toContain('3 workers have died under the task fleet.survive');
    expect(signals.started).toHaveLength(3);
    expect(last.pid).toBeGreaterThan(0);
    expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([3]);
  }, 60_000);
});

describeWith(redisService, 'a worker that gets SIGTERM', () => {
  it('finishes its jobs, takes no more, and leaves nothing in Redis', async () => {
    const queue = testQueue();
    const worker = await startWorker(queue);
    const executor = startExecutor(queue);
    const signals = new Signals();
    const finished = run(executor, call(fleet.hold, [signals.folder]));
    await signals.reached(1);
    const ended = worker.kill('SIGTERM');
    // It takes no more jobs from some point on: then one that would be quick stays.
    signals.open();
    expect(await finished).toEqual([worker.pid]);
    await ended;
    expect(worker.process.exitCode ?? worker.process.signalCode).toBe('SIGTERM');
    const keys = await keysOf(queue.prefix);
    expect(keys.filter((key) => key.includes('workers'))).toEqual([]);
  });

  it('gives up jobs that are not done in time: they count as stalled', async () => {
    const queue = testQueue();
    const options = { stalledAfter: 500, shutdownTimeout: 200, concurrency: 1 };
    const worker = await startWorker(queue, options);
    const signals = new Signals();
    const running = run(startExecutor(queue), call(idempotentFleet.hold, [signals.folder]));
    await signals.reached(1);
    await worker.kill('SIGTERM');
    const next = await startWorker(queue, options);
    await signals.reached(2);
    signals.open();
    expect(await running).toEqual([next.pid]);
  }, 30_000);
});
