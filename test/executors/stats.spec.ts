import { CallStats } from '../../src/executors/stats.js';
import { call, block, Latch, latches, run, startThreads } from '../support/executors.js';
import { tasks } from '../support/tasks.js';
import { until } from '../support/wait.js';

describe("an executor's stats", () => {
  it('are all zero before the first call', () => {
    expect(startThreads({ max: 3 }).stats()).toEqual({
      workers: 0,
      maxWorkers: 3,
      replaced: 0,
      failedStarts: 0,
      queued: 0,
      running: 0,
      resolved: 0,
      failed: 0,
      timedOut: 0,
      refused: 0,
      cancelled: 0,
      broken: 0,
      wait: { p50: 0, p95: 0, p99: 0 },
      run: { p50: 0, p95: 0, p99: 0 },
      utilization: 0,
      tasks: {},
    });
  });

  it('say why calls failed, and how many workers were replaced for it', async () => {
    const executor = startThreads({ max: 1, maxQueue: 1 });
    await run(executor, call(tasks.exit, []));
    await run(executor, call(tasks.fail, ['no paper']));
    const [late] = await run(executor, call(tasks.spin, [30_000], { timeout: 20 }));
    expect(late).toMatchObject({ code: 'ERR_FUTURES_TIMEOUT' });
    const blocker = await block(executor);
    const client = new AbortController();
    const gone = executor.run([call(tasks.echo, [1])], client);
    await run(executor, call(tasks.echo, [1]), call(tasks.echo, [2]));
    client.abort();
    await gone;
    await blocker.open();
    expect(executor.stats()).toMatchObject({
      resolved: 1,
      failed: 6,
      broken: 1,
      timedOut: 1,
      cancelled: 1,
      refused: 2,
      maxWorkers: 1,
      replaced: 2,
    });
  });

  it('count and time the calls of each task', async () => {
    const executor = startThreads({ max: 1 });
    for (let i = 0; i < 3; i++) await run(executor, call(tasks.add, [1, 2]));
    await run(executor, call(tasks.spin, [40]), call(tasks.fail, ['no paper']));
    const { tasks: byTask = {} } = executor.stats();
    expect(Object.keys(byTask).toSorted()).toEqual(['basic.add', 'basic.fail', 'basic.spin']);
    expect(byTask['basic.add']).toMatchObject({ resolved: 3, failed: 0 });
    expect(byTask['basic.fail']).toMatchObject({ resolved: 0, failed: 1 });
    expect(byTask['basic.spin']?.run.p50).toBeGreaterThanOrEqual(37);
    expect(byTask['basic.add']?.run.p50).toBeLessThan(byTask['basic.spin']?.run.p50 as number);
  });

  it('put the calls of all tasks beyond 200 into one entry', async () => {
    const stats = new CallStats();
    const outcome = { status: 'resolved', value: 1, worker: 'thread 1', wait: 1, run: 1 } as const;
    for (let i = 0; i < 250; i++) stats.record(`task.${i}`, outcome, performance.now());
    stats.record('task.0', outcome, performance.now());
    const { tasks: byTask } = stats.summary(1, 0);
    expect(Object.keys(byTask)).toHaveLength(201);
    expect(byTask['(others)']).toMatchObject({ resolved: 50 });
    expect(byTask['task.0']).toMatchObject({ resolved: 2 });
  });

  it('report how long calls ran and how long they waited', async () => {
    const executor = startThreads({ max: 1 });
    await run(executor, call(tasks.echo, [0]));
    const waiting = Promise.all([30, 30, 30].map((ms) => run(executor, call(tasks.spin, [ms]))));
    await waiting;
    const { wait, run: ran } = executor.stats();
    expect(ran?.p50).toBeGreaterThanOrEqual(30);
    expect(ran?.p99).toBeGreaterThanOrEqual(ran?.p50 as number);
    // The third waited for the other two.
    expect(wait?.p99).toBeGreaterThanOrEqual(60);
    expect(wait?.p50).toBeLessThan(wait?.p99 as number);
  });

  it('report how busy the workers are, including calls in flight', async () => {
    const executor = startThreads({ max: 2 });
    await run(executor, call(tasks.echo, [0]));
    const before = executor.stats().utilization as number;
    const [first, second] = [await block(executor), await block(executor)];
    const busy = () => executor.stats().utilization as number;
    await until('busy workers', () => busy() > before && busy() >= 0.5);
    expect(busy()).toBeLessThanOrEqual(1);
    await Promise.all([first.open(), second.open()]);
  });

  it('count no wait and no run for a call that was never started', async () => {
    const executor = startThreads({ max: 1 });
    const latch = new Latch();
    const held = run(executor, call(latches.hold, [latch.cells]));
    await latch.reached();
    const controller = new AbortController();
    const dropped = executor.run([call(tasks.echo, [1])], { signal: controller.signal });
    controller.abort();
    await dropped;
    expect(executor.stats()).toMatchObject({ failed: 1, run: { p99: 0 }, wait: { p99: 0 } });
    latch.open();
    await held;
  });
});
