import { redisService, startWorker, testQueue, type TestQueue } from '../bullmq/support.js';
import { describeWith } from '../support/services.js';
import { SharedServer } from './broken-workers.js';
import { filesOf } from './queue-files.js';
import type { HostileServer } from './server.js';

const file = new URL('./app/hostile.tasks.js', import.meta.url);

/** What structured clone takes between threads, and what cannot leave a process all the same. */
const BOUND = [
  'a SharedArrayBuffer',
  'a KeyObject',
  'a CryptoKey',
  'a Blob',
  'a File',
  'a MessagePort',
  'a WebAssembly.Module',
];

async function expectRefused(server: HostileServer, executor: string, odd: string): Promise<void> {
  expect(await server.run({ executor, file, task: 'take', odd })).toMatchObject({
    status: 500,
    code: 'ERR_FUTURES_TASK_ARGUMENT',
    path: 'args[0].given.odd',
  });
  await server.expectInnocent(executor);
}

describe('an argument that cannot leave its process', () => {
  const shared = new SharedServer(() => ({ adapter: 'express' }));
  it.each(BOUND)('is refused by the process executor, which names its path: %s', (odd) =>
    shared.use((server) => expectRefused(server, 'process', odd)),
  );
});

describeWith(redisService, 'an argument that cannot leave its process', () => {
  let queue: TestQueue;
  const shared = new SharedServer(() => ({ adapter: 'fastify', queue }));

  beforeAll(async () => {
    queue = testQueue();
    await startWorker(queue, { files: filesOf('hostile', 'innocent') });
  });

  it.each(BOUND)('is refused by the queue, which names its path: %s', (odd) =>
    shared.use((server) => expectRefused(server, 'queue', odd)),
  );
});

describe('a task', () => {
  const shared = new SharedServer(() => ({ adapter: 'fastify' }));
  const tasks = new URL('./app/this.tasks.js', import.meta.url);
  it.each(['thread', 'process', 'inline'])('has no `this` on %s', (executor) =>
    shared.use(async (server) => {
      // The first call of a task loads its file, and goes another way than later ones.
      for (const task of ['typeOfThis', 'typeOfThis', 'typeOfThisLater', 'typeOfThisLater']) {
        const { body } = await server.run({ executor, file: tasks, task });
        expect({ task, body }).toEqual({ task, body: '{"value":"undefined"}' });
      }
    }),
  );
});
