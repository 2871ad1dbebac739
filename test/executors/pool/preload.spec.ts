import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { UnknownTaskError, WorkerPool, taskFile } from '../../../src/index.js';
import { startContext } from '../../support/executors.js';
import { taskFolder } from '../../support/task-folder.js';

const tasks = taskFile<typeof import('../../fixtures/preload.tasks.js')>(
  new URL('../../fixtures/preload.tasks.js', import.meta.url),
);

describe.each([
  ['thread', 'threads'],
  ['process', 'processes'],
] as const)('preload in a %s', (executor, option) => {
  let log: string;

  beforeEach(() => {
    log = join(taskFolder({ log: '' }), 'log');
    // Each dead worker is a warning.
    Logger.overrideLogger(false);
  });

  const start = (options: object, env: object = {}) =>
    startContext({
      executor,
      [option]: {
        max: 2,
        preload: [tasks],
        env: { ...process.env, PRELOAD_LOG: log, ...env },
        ...options,
      },
    });

  /** What each worker has done, in its order. */
  function works(): string[] {
    const byWorker = new Map<string, string>();
    for (const line of readFileSync(log, 'utf8').trim().split('\n')) {
      const [worker, work] = line.split(' ') as [string, string];
      byWorker.set(worker, [byWorker.get(worker) ?? [], work].flat().join(' '));
    }
    return [...byWorker.values()];
  }

  it('loads files and opens their contexts in each of the first workers, before the app listens', async () => {
    await start({ min: 2 });
    expect(works()).toEqual(['loaded opened', 'loaded opened']);
  });

  it('does so in one worker at least', async () => {
    const context = await start({});
    expect(works()).toEqual(['loaded opened']);
    expect(await context.get(WorkerPool).run(tasks.answer)).toBe(42);
    await context.close();
    expect(works()).toEqual(['loaded opened ran closed']);
  });

  it('does so in a worker that replaces another', async () => {
    const context = await start({ max: 1, maxTasksPerWorker: 1 });
    const pool = context.get(WorkerPool);
    expect([await pool.run(tasks.answer), await pool.run(tasks.answer)]).toEqual([42, 42]);
    await context.close();
    expect(works().slice(0, 2)).toEqual(['loaded opened ran closed', 'loaded opened ran closed']);
  });

  it.each([
    ['throws', 'throw', /preload\.tasks\.js cannot be loaded: no licence/],
    [
      'has a context that cannot be opened',
      'context',
      /A task context cannot be opened: no database/,
    ],
    [
      'ends its worker',
      'exit',
      /preload\.tasks\.js\) cannot be loaded: a worker exited while it loaded them/,
    ],
  ])('keeps the app from starting if a file %s', async (_name, fault, message) => {
    const starting = start({ min: 2 }, { PRELOAD_FAULT: fault });
    await expect(starting).rejects.toThrow(UnknownTaskError);
    await expect(starting).rejects.toThrow(message);
  });

  it('reports the cause', async () => {
    const error: unknown = await start({}, { PRELOAD_FAULT: 'throw' }).catch(
      (reason: unknown) => reason,
    );
    expect((error as Error).cause).toMatchObject({ name: 'RangeError', message: 'no licence' });
  });
});
