import { redisService, startWorker, testQueue, type TestQueue } from '../bullmq/support.js';
import { describeWith } from '../support/services.js';
import { SharedServer, survive, tasksOf } from './broken-workers.js';
import { filesOf } from './queue-files.js';
import { WORKERS } from './server.js';

const file = new URL('./app/left-behind.tasks.js', import.meta.url);
/** Each takes a worker's 5 s of both cores, so that a short run contents itself with some. */
const isLongRun = Number(process.env.HOSTILE_SECONDS ?? 0) > 20;
const all = await tasksOf(file);
const processTasks = isLongRun ? all : ['timerLoop', 'stopped'];
/** What stops a process stops all threads of it. */
const threadTasks = isLongRun
  ? all.filter((task) => task !== 'stopped')
  : ['microtaskLoop', 'blockedByAtomics'];

/** A worker is replaced when it has not claimed a call for 5 s, which happens more than once here. */
const LONG = 90_000;

describe('a task that returns and leaves something endless behind', () => {
  describe('in threads', () => {
    const shared = new SharedServer(() => ({ adapter: 'express' }));
    it.each(threadTasks)(
      'has its worker replaced: %s()',
      (task) => shared.use((server) => survive(server, { executor: 'thread', file, task })),
      LONG,
    );
  });

  describe('in processes', () => {
    const shared = new SharedServer(() => ({ adapter: 'fastify' }));
    it.each(processTasks)(
      'has its worker replaced: %s()',
      (task) => shared.use((server) => survive(server, { executor: 'process', file, task })),
      LONG,
    );
  });

  describe('in the threads of a pool that the app owns', () => {
    const shared = new SharedServer(() => ({
      adapter: 'express',
      ownPool: true,
      futures: { queueTimeout: 1_000 },
    }));
    it(
      'lets later calls end by their own limits, and ends no thread',
      () =>
        shared.use(async (server) => {
          const run = { executor: 'thread', file, task: 'timerLoop' };
          const codes: (string | undefined)[] = [];
          // Enough of them to leave every thread in a loop.
          for (let i = 0; i < 3 * WORKERS; i++) codes.push((await server.run(run)).code);
          expect(codes.slice(-WORKERS)).toEqual(new Array(WORKERS).fill('ERR_FUTURES_TIMEOUT'));
        }),
      LONG,
    );
  });
});

describeWith(redisService, 'a task that returns and leaves something endless behind', () => {
  let queue: TestQueue;
  const shared = new SharedServer(() => ({ adapter: 'fastify', queue }));

  beforeAll(async () => {
    queue = testQueue();
    const files = [...filesOf('innocent', 'left-behind'), './gate.tasks.js'];
    await startWorker(queue, { files });
  });

  it.each(['timerLoop', 'microtaskLoop'])(
    "has its thread of a queue's worker replaced: %s()",
    (task) => shared.use((server) => survive(server, { executor: 'queue', file, task })),
    LONG,
  );
});
