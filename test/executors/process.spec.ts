import { readFileSync } from 'node:fs';
import { Test } from '@nestjs/testing';
import type { INestApplicationContext } from '@nestjs/common';
import {
  BrokenExecutorError,
  FuturesModule,
  FutureTimeoutError,
  TaskArgumentError,
  TaskResultError,
  UnknownTaskError,
  WorkerPool,
  taskFile,
} from '../../src/index.js';
import { goneTaskFile, tasks } from '../support/tasks.js';
import { until } from '../support/wait.js';

const faults = taskFile<typeof import('../fixtures/process-faults.tasks.js')>(
  new URL('../fixtures/process-faults.tasks.js', import.meta.url),
);

describe('process executor', () => {
  let app: INestApplicationContext;
  let pool: WorkerPool;

  beforeAll(async () => {
    const module = await Test.createTestingModule({
      imports: [FuturesModule.forRoot({ executor: 'process', processes: { max: 2 } })],
    }).compile();
    app = await module.init();
    pool = app.get(WorkerPool);
  });

  afterAll(() => app.close());

  it('runs tasks in other processes', async () => {
    const { pid } = await pool.run(tasks.where);
    expect(pid).not.toBe(process.pid);
    const here = await pool.using({ executor: 'thread' }).run(tasks.where);
    expect(here.pid).toBe(process.pid);
  });

  it('keeps what structured clone keeps', async () => {
    const value = {
      map: new Map([[1, new Set(['a'])]]),
      date: new Date(0),
      bytes: new Uint8Array([1, 2]),
      big: 10n,
      nothing: undefined,
    };
    expect(await pool.run(tasks.echo, value)).toEqual(value);
  });

  it('returns errors as threads do', async () => {
    await expect(pool.run(tasks.fail, 'no paper')).rejects.toMatchObject({
      name: 'OutOfPaperError',
      message: 'no paper',
      code: 'E_PAPER',
      tray: 2,
      cause: { name: 'TypeError', message: 'jam' },
    });
    await expect(pool.run(tasks.notFound, 'chart')).rejects.toMatchObject({ status: 404 });
  });

  it('refuses values that cannot be cloned, and keeps the process', async () => {
    const before = await pool.runAll([[tasks.where], [tasks.where]]);
    await expect(pool.run(tasks.echo, { save: () => {} })).rejects.toThrow(TaskArgumentError);
    await expect(pool.run(tasks.uncloneable)).rejects.toThrow(TaskResultError);
    await expect(pool.run(tasks.uncloneable)).rejects.toThrow('result.rows[1].render');
    const { pid } = await pool.run(tasks.where);
    expect(before.map((each) => each.pid)).toContain(pid);
  });

  it('names a missing task file or function', async () => {
    const missing = goneTaskFile<{ run(): void }>('nowhere.tasks.js');
    await expect(pool.run(missing.run)).rejects.toThrow(UnknownTaskError);
  });

  it.each(['abort', 'segfault', 'exit', 'throwLater'] as const)(
    'survives a process that dies by %s during a task',
    async (fault) => {
      await expect(pool.run(faults[fault])).rejects.toThrow(BrokenExecutorError);
      expect(
        await pool.runAll([
          [tasks.add, 1, 2],
          [tasks.add, 3, 4],
        ]),
      ).toEqual([3, 7]);
    },
  );

  it('runs a task even if several processes in a row die before they start it', async () => {
    const before = new Set(childProcesses());
    for (const pid of before) process.kill(pid, 'SIGKILL');
    const sum = pool.run(tasks.add, 1, 2);
    const killed = new Set<number>();
    await until('five processes to kill', () => {
      const pid = childProcesses().find((each) => !before.has(each) && !killed.has(each));
      if (pid !== undefined) {
        process.kill(pid, 'SIGKILL');
        killed.add(pid);
      }
      return killed.size === 5;
    });
    expect(await sum).toBe(3);
  });

  it('ends a process whose task times out', async () => {
    const { pid } = await pool.run(tasks.where);
    const error = await pool
      .using({ timeout: 200 })
      .run(tasks.spin, 60_000)
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FutureTimeoutError);
    expect(pid).toBeGreaterThan(0);
    expect(await pool.run(tasks.add, 1, 2)).toBe(3);
  });
});

function childProcesses(): number[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}
