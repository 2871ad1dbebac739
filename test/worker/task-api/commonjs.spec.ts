import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { taskFile } from '../../../src/index.js';
import { ProcessExecutor } from '../../../src/executors/process.executor.js';
import { resolveOptions } from '../../../src/request/futures.options.js';
import { until } from '../../support/wait.js';
import { call, Latch, run, startThreads } from '../../support/executors.js';

interface Tasks {
  untilAborted(cells: Int32Array): void;
  moved(): Uint8Array;
  bytesLeft(): number;
  useJournal(path: string): Promise<string>;
}

const tasks = taskFile<Tasks>(new URL('../../fixtures/task-api.tasks.cjs', import.meta.url));

describe('a CommonJS task file that requires nestjs-futures/task', () => {
  it('gets the signal of its own call', async () => {
    const executor = startThreads({ max: 1 });
    const latch = new Latch();
    const client = new AbortController();
    const running = executor.run([call(tasks.untilAborted, [latch.cells])], {
      signal: client.signal,
    });
    await latch.reached();
    client.abort();
    await running;
    await until('the task to see that it is aborted', () => latch.cells[1] === 1);
  });

  it('moves the memory of its result', async () => {
    const executor = startThreads({ max: 1 });
    expect(await run(executor, call(tasks.moved, []))).toEqual([new Uint8Array([7, 7, 7])]);
    expect(await run(executor, call(tasks.bytesLeft, []))).toEqual([0]);
  });

  it.each([
    ['a thread', () => startThreads({ max: 1 })],
    ['a process', () => new ProcessExecutor({ ...resolveOptions().processes, max: 1 })],
  ])('gets a context that %s closes before it exits', async (_, start) => {
    const folder = await mkdtemp(join(tmpdir(), 'futures-commonjs-'));
    const executor = start();
    try {
      const path = join(folder, 'journal');
      const [id] = await run(executor, call(tasks.useJournal, [path]));
      await executor.close({ timeout: 5_000 });
      expect(await readFile(path, 'utf8')).toBe(`close ${id as string}\n`);
    } finally {
      await executor.close({ timeout: 0 });
      await rm(folder, { recursive: true });
    }
  });
});
