import { ProcessExecutor } from '../../../src/executors/process.executor.js';
import { taskFile, type Executor } from '../../../src/index.js';
import type { ProcessOptions } from '../../../src/executors/pool-options.js';
import { resolveOptions } from '../../../src/request/futures.options.js';
import { call, Latch, latches, makeHoldShort, run, startThreads } from '../../support/executors.js';
import { until } from '../../support/wait.js';

/** Tasks of a file that is loaded in no time: each new worker has to. */
const light = taskFile<typeof import('../../fixtures/light.tasks.js')>(
  new URL('../../fixtures/light.tasks.js', import.meta.url),
);

const processes = new Set<ProcessExecutor>();

afterEach(async () => {
  for (const executor of processes) await executor.close({ timeout: 0 });
  processes.clear();
});

function startProcesses(options: Partial<ProcessOptions>): ProcessExecutor {
  const executor = new ProcessExecutor({ ...resolveOptions().processes, max: 2, ...options });
  processes.add(executor);
  return executor;
}

const kinds = [
  ['threads', startThreads],
  ['processes', startProcesses],
] as const;

async function workerOf(executor: Executor): Promise<string> {
  const [where] = await run(executor, call(light.where, []));
  const { pid, threadId } = where as { pid: number; threadId: number };
  return `${pid}/${threadId}`;
}

/** Resolves when the executor has so many workers. */
async function settlesAt(executor: Executor, workers: number): Promise<void> {
  await until(`${workers} workers`, () => executor.stats().workers === workers);
}

describe.each(kinds)('recycling of %s', (kind, start) => {
  it('replaces a worker after a number of tasks', async () => {
    const executor = start({ max: 1, maxTasksPerWorker: 2 });
    const workers = [];
    for (let i = 0; i < 5; i++) workers.push(await workerOf(executor));
    const [first, second, third] = new Set(workers);
    expect(workers).toEqual([first, first, second, second, third]);
    expect(executor.stats()).toMatchObject({ resolved: 5, failed: 0 });
  });

  it('replaces a worker whose heap has grown too large', async () => {
    const executor = start({ max: 1, maxHeapPerWorker: 60 });
    const before = await workerOf(executor);
    expect(await workerOf(executor)).toBe(before);
    await run(executor, call(light.keepOnHeap, [80]));
    expect(await workerOf(executor)).not.toBe(before);
  });

  it('never replaces a worker without a limit', async () => {
    const executor = start({ max: 1 });
    const before = await workerOf(executor);
    await run(executor, call(light.keepOnHeap, [80]));
    for (let i = 0; i < 20; i++) expect(await workerOf(executor)).toBe(before);
  });

  it('loses no call of a batch', async () => {
    const executor = start({ max: 2, maxTasksPerWorker: 3 });
    const numbers = Array.from({ length: 16 }, (_, i) => i);
    expect(await run(executor, ...numbers.map((i) => call(light.echo, [i])))).toEqual(numbers);
  });

  it('ends workers that are idle for `idleTimeout`, down to `min`', async () => {
    const executor = start({ min: 1, max: 2, idleTimeout: 50 });
    const latch = new Latch();
    const hold = kind === 'threads' ? call(latches.hold, [latch.cells]) : call(light.spin, [300]);
    const both = run(executor, hold, hold);
    await settlesAt(executor, 2);
    latch.open();
    await both;
    await settlesAt(executor, 1);
    expect(await run(executor, call(light.echo, [1]))).toEqual([1]);
    expect(executor.stats().workers).toBe(1);
  });
});

it('an exiting thread hands back the calls that it has not started', async () => {
  const executor = startThreads({ max: 1, maxTasksPerWorker: 27 });
  await makeHoldShort(executor);
  const open = new Latch().open();
  const holds = Array.from({ length: 6 }, () => call(latches.hold, [open.cells]));
  const threads = await run(executor, ...holds);
  expect(new Set(threads.slice(0, 2)).size).toBe(1);
  expect(new Set(threads.slice(2)).size).toBe(1);
  expect(threads[2]).not.toBe(threads[1]);
});
