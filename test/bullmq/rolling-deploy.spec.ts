import { FutureTimeoutError, UnknownTaskError } from '../../src/index.js';
import { call, run } from '../support/executors.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
import { Signals, fleet, redisService, startExecutor, startWorker, testQueue } from './support.js';
import { within } from '../support/wait.js';

const OLD = { files: ['./older/basic.tasks.js'] };
const WITHOUT_FILE = { files: ['./fleet.tasks.js'] };

describeWith(redisService, 'a worker of an older build', () => {
  it.each([
    ['file', WITHOUT_FILE],
    ['function', OLD],
  ])(
    'leaves calls whose %s it lacks to other workers',
    async (_what, old) => {
      const queue = testQueue();
      await startWorker(queue, old);
      await startWorker(queue, old);
      const newer = await startWorker(queue);
      const executor = startExecutor(queue);
      const calls = Array.from({ length: 30 }, () => call(tasks.where, []));
      const places = await within('all answers', run(executor, ...calls));
      expect(new Set(places.map((place) => (place as { pid: number }).pid))).toEqual(
        new Set([newer.pid]),
      );
    },
    30_000,
  );

  it('answers the calls that it knows in a job, and leaves only the rest to others', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue);
    const newer = await startWorker(queue, { threads: { max: 1 }, concurrency: 1 });
    // Short from now on, so that both share a job.
    await run(executor, call(tasks.add, [1, 2]), call(tasks.where, []));
    const signals = new Signals();
    const holding = run(executor, call(fleet.hold, [signals.folder]));
    await signals.reached(1);
    await startWorker(queue, OLD);
    const [add, where] = [
      run(executor, call(tasks.add, [3, 4])),
      run(executor, call(tasks.where, [])),
    ];
    // The newer one is busy, so it is the older one that takes both.
    expect(await within('a sum', add)).toEqual([7]);
    signals.open();
    expect(await holding).toEqual([newer.pid]);
    expect(await within('a place', where)).toEqual([expect.objectContaining({ pid: newer.pid })]);
  }, 30_000);

  it('fails the call if no live worker has its task', async () => {
    const queue = testQueue();
    await startWorker(queue, OLD);
    await startWorker(queue, OLD);
    const executor = startExecutor(queue);
    const [error] = await within('an error', run(executor, call(tasks.where, [], { key: 'x' })));
    expect(error).toBeInstanceOf(UnknownTaskError);
    expect(error).toMatchObject({ key: 'x', task: 'basic.where' });
    expect((error as Error).message).toContain('its functions are: add');
  }, 30_000);

  it('does not suspend the time limit of a call while the newer worker is busy', async () => {
    const queue = testQueue();
    await startWorker(queue, { files: ['./older/basic.tasks.js'] });
    await startWorker(queue, { threads: { max: 1 }, concurrency: 1 });
    const executor = startExecutor(queue);
    const signals = new Signals();
    const holding = run(executor, call(fleet.hold, [signals.folder]));
    await signals.reached(1);
    const waiting = call(tasks.where, [], { queueTimeout: 1_500 });
    const [error] = await within('an outcome', run(executor, waiting));
    expect(error).toBeInstanceOf(FutureTimeoutError);
    expect(error).toMatchObject({ phase: 'queue', limit: 1_500 });
    signals.open();
    await holding;
  }, 30_000);
});
