import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FutureTimeoutError, taskFile } from '../../../src/index.js';
import { ProcessExecutor } from '../../../src/executors/process.executor.js';
import { resolveOptions } from '../../../src/request/futures.options.js';
import { tasks } from '../../support/tasks.js';
import { call, run, startThreads } from '../../support/executors.js';
import { until } from '../../support/wait.js';

const signals = taskFile<typeof import('../../fixtures/signal.tasks.js')>(
  new URL('../../fixtures/signal.tasks.js', import.meta.url),
);

describe('taskSignal', () => {
  const threadOf = async (executor: ReturnType<typeof startThreads>) =>
    (await executor.run([call(tasks.where, [])]))[0]?.worker;

  it.each(['countUntilAborted', 'waitUntilAborted'] as const)(
    'notifies a task whose client has gone, and keeps its thread (%s)',
    async (name) => {
      const executor = startThreads({ max: 1 });
      const before = await threadOf(executor);
      const flags = new Int32Array(new SharedArrayBuffer(8));
      const client = new AbortController();
      const running = executor.run([call(signals[name], [flags])], client);
      await reached(flags, 0);
      client.abort();
      await running;
      await reached(flags, 1);
      expect(await threadOf(executor)).toBe(before);
    },
  );

  it('notifies a task that times out, and keeps its thread', async () => {
    const executor = startThreads({ max: 1 });
    const before = await threadOf(executor);
    const flags = new Int32Array(new SharedArrayBuffer(8));
    const [error] = await run(executor, call(signals.countUntilAborted, [flags], { timeout: 100 }));
    expect(error).toBeInstanceOf(FutureTimeoutError);
    await reached(flags, 1);
    expect(await threadOf(executor)).toBe(before);
  });

  it('is new for each task', async () => {
    const executor = startThreads({ max: 1 });
    const flags = new Int32Array(new SharedArrayBuffer(8));
    await run(executor, call(signals.countUntilAborted, [flags], { timeout: 100 }));
    await reached(flags, 1);
    expect(await run(executor, call(signals.isAborted, []))).toEqual([false]);
  });

  it('reaches a task in a process', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nestjs-futures-'));
    const executor = new ProcessExecutor({ ...resolveOptions().processes, max: 1 });
    try {
      const note = join(folder, 'note');
      const client = new AbortController();
      const running = executor.run([call(signals.leaveNote, [note])], { signal: client.signal });
      await until('the start of the task', () => existsSync(`${note}.started`));
      client.abort();
      await running;
      // The file exists before it has its text.
      await until('its note', () => existsSync(note) && readFileSync(note, 'utf8') !== '');
      expect(readFileSync(note, 'utf8')).toBe('aborted');
    } finally {
      await executor.close({ timeout: 0 });
      rmSync(folder, { recursive: true });
    }
  });

  it('is never aborted outside a worker', async () => {
    const { taskSignal } = await import('../../../src/worker/task-api/index.js');
    expect(taskSignal().aborted).toBe(false);
  });
});

/** Resolves when a task has set the flag. */
function reached(flags: Int32Array, index: number): Promise<void> {
  return until(`flag ${index}`, () => Atomics.load(flags, index) === 1);
}
