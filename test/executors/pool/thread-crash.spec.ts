import { once } from 'node:events';
import { Logger } from '@nestjs/common';
import { BrokenExecutorError, taskFile, UnknownTaskError, type Task } from '../../../src/index.js';
import { goneTaskFile, tasks } from '../../support/tasks.js';
import { call, run, startPool, startThreads } from '../../support/executors.js';

type CrashTasks = typeof import('../../fixtures/crash.tasks.js');
const CRASH_FILE = new URL('../../fixtures/crash.tasks.js', import.meta.url);
const crash = taskFile<CrashTasks>(CRASH_FILE);

it('the death of an idle thread in a pool of the app does not end the process', async () => {
  Logger.overrideLogger(false);
  const pool = startPool(1, { atomics: 'async' });
  const executor = startThreads({ pool });
  const died = once(pool, 'workerDestroy');
  expect(await run(executor, call(crash.leaveError, []))).toEqual(['left']);
  await died;
  expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([3]);
});

function counter(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

describe('a task that ends its worker', () => {
  const deaths: [string, Task<[]>][] = [
    ['process.exit()', tasks.exit],
    ['an error thrown later', crash.throwLater],
    ['an unhandled rejection', crash.rejectUnseen],
    ['running out of memory', crash.exhaustMemory],
  ];

  it.each(deaths)(
    'by %s fails only its own call, and the pool keeps working',
    async (_name, task) => {
      const executor = startThreads({
        max: 1,
        resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
      });
      const values = await run(
        executor,
        call(tasks.add, [1, 2]),
        call(task, [], { key: 'fatal' }),
        call(tasks.add, [3, 4]),
      );
      expect(values).toEqual([3, expect.any(BrokenExecutorError), 7]);
      expect(values[1]).toMatchObject({
        code: 'ERR_FUTURES_BROKEN_EXECUTOR',
        key: 'fatal',
        task: expect.stringMatching(/^(basic|crash)\.\w+$/),
        cause: expect.objectContaining({ message: expect.any(String) }),
      });
      expect(await run(executor, call(tasks.add, [5, 6]))).toEqual([11]);
    },
  );

  it('keeps the results that were there before it', async () => {
    const executor = startThreads({ max: 1 });
    const runs = counter();
    for (let i = 0; i < 25; i++) await run(executor, call(crash.survive, [counter(), 0]));
    const values = await run(
      executor,
      ...Array.from({ length: 4 }, () => call(crash.survive, [counter(), 0])),
      call(crash.survive, [runs, 1]),
      ...Array.from({ length: 4 }, () => call(crash.survive, [counter(), 0])),
    );
    const [before, after] = [values.slice(0, 4), values.slice(5)];
    expect([before, after]).toEqual([
      [1, 1, 1, 1],
      [1, 1, 1, 1],
    ]);
    expect(values[4]).toBeInstanceOf(BrokenExecutorError);
  });

  it('is not run twice', async () => {
    const runs = counter();
    const [error] = await run(startThreads(), call(crash.survive, [runs, 1]));
    expect(error).toBeInstanceOf(BrokenExecutorError);
    expect((error as Error).message).toContain('idempotent: true');
    expect(runs[0]).toBe(1);
  });

  it('is run again if it is idempotent', async () => {
    const idempotent = taskFile<CrashTasks>(CRASH_FILE, { idempotent: true });
    const runs = counter();
    expect(await run(startThreads(), call(idempotent.survive, [runs, 1]))).toEqual([2]);
  });

  it('is not run forever, even if it is idempotent', async () => {
    const idempotent = taskFile<CrashTasks>(CRASH_FILE, { idempotent: true });
    const runs = counter();
    const [error] = await run(startThreads(), call(idempotent.survive, [runs, 1_000]));
    expect(error).toBeInstanceOf(BrokenExecutorError);
    expect(runs[0]).toBeGreaterThan(1);
    expect(runs[0]).toBeLessThan(10);
  });

  it('does not use up the retries of calls that wait behind it', async () => {
    const executor = startThreads({ max: 1 });
    for (let i = 0; i < 25; i++) await run(executor, call(crash.survive, [counter(), 0]));
    const fatal = Array.from({ length: 6 }, () => call(crash.survive, [counter(), 1]));
    const values = await run(executor, ...fatal, call(crash.survive, [counter(), 0]));
    expect(values).toEqual([...fatal.map(() => expect.any(BrokenExecutorError)), 1]);
  });
});

type NamedTasks = Record<string, Task<[]>>;
const fixture = (name: string) => new URL(`../../fixtures/${name}`, import.meta.url);
const taskFileOf = (name: string) => taskFile<NamedTasks>(fixture(name));

describe('a task that cannot be found', () => {
  it.each([
    ['with a syntax error', 'broken.tasks.js', taskFileOf],
    ['that throws while it is loaded', 'throws-on-load.tasks.js', taskFileOf],
    ['that is gone', 'missing.tasks.js', goneTaskFile<NamedTasks>],
  ])('is reported with file and cause for a file %s', async (_name, file, make) => {
    const task = 'never';
    const handles = make(file);
    const values = await run(
      startThreads({ max: 1 }),
      call(tasks.add, [1, 2]),
      call(handles[task] as Task<[]>, [], { key: 'chart' }),
      call(tasks.add, [3, 4]),
    );
    expect(values).toEqual([3, expect.any(UnknownTaskError), 7]);
    expect(values[1]).toMatchObject({
      code: 'ERR_FUTURES_UNKNOWN_TASK',
      key: 'chart',
      task: `${file.replace('.tasks.js', '')}.${task}`,
      message: expect.stringContaining(`/${file}`),
      cause: expect.any(Error),
    });
    expect((values[1] as Error).message).toContain(`"${task}"`);
  });

  it.each([
    ['is missing', 'renderRepotr'],
    ['is not a function', 'notAFunction'],
    ['is only inherited', 'toString'],
  ])('is reported with file and export if the export %s', async (_name, exportName) => {
    const handles = taskFile<Record<string, Task<[]>>>(fixture('basic.tasks.js'));
    const [error] = await run(startThreads({ max: 1 }), call(handles[exportName] as Task<[]>, []));
    expect(error).toBeInstanceOf(UnknownTaskError);
    const { message } = error as Error;
    expect(message).toContain(fixture('basic.tasks.js').href);
    expect(message).toContain(`"${exportName}"`);
    // What there is, to compare with.
    expect(message).toContain('echo, ');
  });

  it('is found among the exports of a CommonJS file', async () => {
    const common = taskFile<{ double(n: number): number; limit(): void; toString(): string }>(
      fixture('common.tasks.cjs'),
    );
    const values = await run(
      startThreads({ max: 1 }),
      call(common.double, [4]),
      call(common.limit, []),
      call(common.toString, []),
    );
    expect(values).toEqual([8, expect.any(UnknownTaskError), expect.any(UnknownTaskError)]);
  });
});
