import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { taskFile, UnknownTaskError, type Executor } from '../../../src/index.js';
import { resolveOptions } from '../../../src/request/futures.options.js';
import { InlineExecutor } from '../../../src/executors/inline.executor.js';
import { ProcessExecutor } from '../../../src/executors/process.executor.js';
import { ThreadExecutor } from '../../../src/executors/thread.executor.js';
import { call, run } from '../../support/executors.js';
import { until } from '../../support/wait.js';

const tasks = taskFile<typeof import('../../fixtures/context.tasks.js')>(
  new URL('../../fixtures/context.tasks.js', import.meta.url),
);

const kinds = {
  threads: (options: object) => new ThreadExecutor({ ...resolveOptions().threads, ...options }),
  processes: (options: object) =>
    new ProcessExecutor({ ...resolveOptions().processes, ...options }),
};

let executor: Executor;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'futures-context-'));
});

afterEach(async () => {
  await executor.close({ timeout: 0 });
  await rm(folder, { recursive: true });
});

const journal = () => join(folder, 'journal');
const lines = async () => (await readFile(journal(), 'utf8')).trimEnd().split('\n');

async function journalHas(count: number): Promise<string[]> {
  await until(`${count} lines of the journal`, async () => (await lines()).length >= count);
  return lines();
}

describe.each(Object.entries(kinds))('a task context in %s', (_kind, create) => {
  it('is created once per worker, on first use, and closed at shutdown', async () => {
    executor = create({ max: 1 });
    const use = call(tasks.useJournal, [journal()]);
    const [first] = (await run(executor, use)) as [{ id: string; runs: number }];
    const [second] = await run(executor, use);
    expect(first.runs).toBe(1);
    expect(second).toEqual({ id: first.id, runs: 2 });
    expect(await lines()).toEqual([`open ${first.id}`]);
    await executor.close({ timeout: 1_000 });
    expect(await lines()).toEqual([`open ${first.id}`, `close ${first.id}`]);
  });

  it('is closed when its worker is recycled', async () => {
    executor = create({ max: 1, maxTasksPerWorker: 1 });
    const use = call(tasks.useJournal, [journal()]);
    const [first] = (await run(executor, use)) as [{ id: string }];
    const [second] = (await run(executor, use)) as [{ id: string }];
    expect(second).toMatchObject({ runs: 1 });
    expect(second.id).not.toBe(first.id);
    expect((await journalHas(4)).toSorted()).toEqual(
      [first.id, second.id].flatMap((id) => [`close ${id}`, `open ${id}`]).toSorted(),
    );
  });

  it('is closed when its worker has been idle for too long', async () => {
    executor = create({ max: 1, idleTimeout: 30 });
    const [{ id }] = (await run(executor, call(tasks.useJournal, [journal()]))) as [{ id: string }];
    expect(await journalHas(2)).toEqual([`open ${id}`, `close ${id}`]);
  });

  it('is created by the next task if an attempt failed', async () => {
    executor = create({ max: 1 });
    expect(await run(executor, call(tasks.useFlaky, []))).toEqual([
      expect.objectContaining({ message: 'the database does not answer' }),
    ]);
    expect(await run(executor, call(tasks.useFlaky, []))).toEqual(['connected at attempt 2']);
  });

  it('is not counted in the run time of a task', async () => {
    executor = create({ max: 1 });
    // Half of what the context takes, and long enough for a process that a busy machine delays.
    const { value, run: ran } = (
      await executor.run([call(tasks.useSlow, [], { timeout: 1_500 })], {})
    )[0] as { value: unknown; run: number };
    expect(value).toBe('ready');
    expect(ran).toBeLessThan(1_500);
  });

  it('names a provider that it does not have', async () => {
    executor = create({ max: 1 });
    const [error] = await run(executor, call(tasks.unknownProvider, []));
    expect(error).toMatchObject({ message: expect.stringContaining('NOTHING') });
    expect(error).not.toBeInstanceOf(UnknownTaskError);
  });
});

describe('a task context', () => {
  it('creates an instance of a request-scoped provider for each look-up', async () => {
    executor = kinds.threads({ max: 1 });
    expect(await run(executor, call(tasks.resolveTwice, []))).toEqual([true]);
  });

  it('says how to fix it if it gets something other than a module', async () => {
    executor = kinds.threads({ max: 1 });
    const [error] = await run(executor, call(tasks.useWrong, []));
    expect(error).toMatchObject({
      name: 'TypeError',
      message: expect.stringMatching(
        /must give a module class .* but gave an object.*take the class/,
      ),
    });
  });

  it('keeps no thread alive if it cannot be closed', async () => {
    executor = kinds.threads({ max: 1, maxTasksPerWorker: 1 });
    expect(await run(executor, call(tasks.useStuck, []))).toEqual([true]);
    expect(await run(executor, call(tasks.useStuck, []))).toEqual([true]);
  });

  it('keeps no idle thread alive if it cannot be closed', async () => {
    executor = kinds.threads({ max: 1, idleTimeout: 30 });
    expect(await run(executor, call(tasks.useStuck, []))).toEqual([true]);
    await until('the end of the thread', () => executor.stats().workers === 0);
  });

  it('is closed with the app if it was created on the event loop', async () => {
    executor = new InlineExecutor();
    const [{ id }] = (await run(executor, call(tasks.useJournal, [journal()]))) as [{ id: string }];
    expect(await lines()).toEqual([`open ${id}`]);
    await executor.close({ timeout: 1_000 });
    expect(await lines()).toEqual([`open ${id}`, `close ${id}`]);
  });
});
