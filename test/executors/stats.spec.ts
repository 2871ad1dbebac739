import { call, block, Latch, latches, run, startThreads } from '../support/executors.js';
import { tasks } from '../support/tasks.js';
import { until } from '../support/wait.js';

describe("an executor's stats", () => {
  it('are all zero before the first call', () => {
    expect(startThreads().stats()).toEqual({
      workers: 0,
      queued: 0,
      running: 0,
      resolved: 0,
      failed: 0,
      wait: { p50: 0, p95: 0, p99: 0 },
      run: { p50: 0, p95: 0, p99: 0 },
      utilization: 0,
    });
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
