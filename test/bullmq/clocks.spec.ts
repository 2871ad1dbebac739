import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { FutureTimeoutError } from '../../src/index.js';
import { call, run } from '../support/executors.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
import {
  Signals,
  cleanUp,
  fleet,
  redisService,
  startExecutor,
  startWorker,
  stepWorkerClock,
  testQueue,
} from './support.js';
import { until, within } from '../support/wait.js';

const HOUR = 3_600_000;

/** Steps the wall clock of this process. */
function stepClock(by: number): void {
  const { now } = Date;
  Date.now = () => now() + by;
  cleanUp(() => {
    Date.now = now;
  });
}

describeWith(redisService, 'a wall clock that steps', () => {
  it.each([
    ['forward', HOUR],
    ['back', -HOUR],
  ])('%s in a web process neither fails a call nor extends its wait', async (_where, step) => {
    const queue = testQueue();
    const executor = startExecutor(queue);
    const worker = await startWorker(queue, { threads: { max: 1 }, concurrency: 2 });
    await run(executor, call(tasks.add, [1, 2]));
    stepClock(step);
    expect(await run(executor, call(tasks.add, [1, 2], { queueTimeout: 5_000 }))).toEqual([3]);
    const signals = new Signals();
    const holding = run(executor, call(fleet.hold, [signals.folder]));
    await signals.reached(1);
    const late = call(tasks.add, [1, 2], { queueTimeout: 300 });
    const [error] = await within('a timeout', run(executor, late));
    expect(error).toBeInstanceOf(FutureTimeoutError);
    expect(error).toMatchObject({ phase: 'queue', limit: 300 });
    signals.open();
    expect(await holding).toEqual([worker.pid]);
  });

  it.each([
    ['forward', HOUR],
    ['back', -HOUR],
  ])(
    '%s in a worker fails neither waiting nor running calls',
    async (_where, step) => {
      const queue = testQueue();
      const executor = startExecutor(queue);
      const clock = stepWorkerClock();
      await startWorker(queue, { stalledAfter: 1_000 }, clock.execArgv);
      // Finds what has stalled.
      await startWorker(queue, { stalledAfter: 1_000, files: ['./basic.tasks.js'] });
      const signals = new Signals();
      const holding = run(executor, call(fleet.hold, [signals.folder], { timeout: 30_000 }));
      await signals.reached(1);
      clock.step(step);
      // Several times as long as a job stays a worker's that does not renew its lock.
      const settled = await Promise.race([holding, setTimeout(4_000, 'none')]);
      expect(settled).toBe('none');
      signals.open();
      expect(await within('an answer', holding)).toEqual(signals.started);
      for (let i = 0; i < 4; i++) {
        expect(await run(executor, call(tasks.add, [i, 2], { queueTimeout: 5_000 }))).toEqual([
          i + 2,
        ]);
      }
      await until('the task to end', () => existsSync(join(signals.folder, 'open')));
    },
    30_000,
  );
});
