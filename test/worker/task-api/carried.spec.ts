import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Controller, Get, Param } from '@nestjs/common';
import {
  type FuturesModuleOptions,
  Future,
  Futures,
  FuturesService,
  WorkerPool,
  taskFile,
} from '../../../src/index.js';
import { bullmqExecutor } from '../../../src/bullmq/index.js';
import { carried } from '../../../src/worker/task-api/index.js';
import { redisService, startWorker, testQueue } from '../../bullmq/support.js';
import { onEachAdapter, startApp } from '../../support/app.js';
import { describeWith } from '../../support/services.js';

const tasks = taskFile<typeof import('../../fixtures/carried.tasks.js')>(
  new URL('../../fixtures/carried.tasks.js', import.meta.url),
);
const common = taskFile<{ carriedNow(): unknown }>(
  new URL('../../fixtures/task-api.tasks.cjs', import.meta.url),
);

/** What a request's code keeps in its async context, as a logger or nestjs-cls does. */
const requests = new AsyncLocalStorage<{ readonly id: string }>();

@Controller()
class Desk {
  @Get('imperative/:id')
  imperative(@Param('id') id: string, @Futures() futures: FuturesService) {
    return requests.run({ id }, () => [
      futures.resultOrSubmit('now', null, tasks.now),
      futures.resultOrSubmit('later', null, tasks.later, 2),
    ]);
  }

  @Get('declared/:id')
  declared(@Future('now', { task: tasks.now }) now: unknown) {
    return now;
  }
}

const carry = () => ({ id: requests.getStore()?.id, tenant: 'blue' });

async function checkManyRequests(
  start: (options: { controllers: [typeof Desk]; futures: FuturesModuleOptions }) => Promise<{
    get(path: string): Promise<{ body: unknown }>;
  }>,
  options: FuturesModuleOptions,
  count = 200,
) {
  const app = await start({ controllers: [Desk], futures: { carry, ...options } });
  const ids = Array.from({ length: count }, (_, i) => `request-${i}`);
  const answers = await Promise.all(ids.map((id) => app.get(`/imperative/${id}`)));
  for (const [i, { body }] of answers.entries()) {
    const expected = { id: ids[i], tenant: 'blue' };
    expect(body).toEqual([expected, [expected, expected, expected]]);
  }
}

onEachAdapter('carried()', (start) => {
  it.each(['thread', 'process', 'inline'])(
    'is of the own request in each of 200 at once, whatever the task awaits (%s)',
    async (executor) => {
      await checkManyRequests(start, { executor });
    },
    60_000,
  );

  it('leaves out what is undefined, and is a copy of each call', async () => {
    const app = await start({ controllers: [Desk], futures: { carry, threads: { max: 1 } } });
    expect((await app.get('/declared/a')).body).toEqual({ tenant: 'blue' });
    const pool = app.app.get(WorkerPool);
    expect(await pool.run(tasks.change)).toEqual({ tenant: 'blue', changed: true });
    expect(await pool.run(tasks.now)).toEqual({ tenant: 'blue' });
  });
});

describeWith(redisService, 'carried() on a queue', () => {
  it('is of the own request in each of 50 at once, down to the threads of the workers', async () => {
    const queue = testQueue();
    await startWorker(queue, { files: ['carried.tasks.js'] });
    const executors = { queue: bullmqExecutor(queue) };
    await checkManyRequests(
      (options) => startApp('express', options),
      { executor: 'queue', executors },
      50,
    );
  }, 60_000);
});

describe('nestjs-cls on both sides', () => {
  it.each(['express', 'fastify'])(
    'finds the id of its own request, in the handler and in the task (%s)',
    async (adapter) => {
      const app = fileURLToPath(new URL('../../fixtures/cls-app.js', import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, [app, adapter]);
      const { paths, answers } = JSON.parse(stdout) as { paths: string[]; answers: unknown };
      expect(paths).toHaveLength(50);
      expect(answers).toEqual(paths.map((path) => [path, path]));
    },
  );
});

describe('what is carried', () => {
  async function startPool(options: FuturesModuleOptions) {
    const app = await startApp('express', { futures: { threads: { max: 1 }, ...options } });
    return app.app.get(WorkerPool);
  }

  it('is undefined without the option, if it gives nothing, and outside of tasks', async () => {
    expect(await (await startPool({})).run(tasks.now)).toBeUndefined();
    expect(await (await startPool({ carry: () => undefined })).run(tasks.now)).toBeUndefined();
    expect(carried()).toBeUndefined();
  });

  it('reaches plain functions, and CommonJS task files', async () => {
    const pool = await startPool({ carry: () => ({ list: [1, { a: null }], text: 'é' }) });
    const expected = { list: [1, { a: null }], text: 'é' };
    expect(await pool.run(() => carried())).toEqual(expected);
    expect(await pool.run(common.carriedNow)).toEqual(expected);
  });

  it('is not left to the next call of the thread', async () => {
    let given: object | undefined = { id: 1 };
    const pool = await startPool({ carry: () => given });
    expect(await pool.run(tasks.now)).toEqual({ id: 1 });
    given = undefined;
    expect(await pool.run(tasks.now)).toBeUndefined();
    expect(await pool.run(tasks.later, 1)).toEqual([undefined, undefined, undefined]);
  });

  const circle: { self?: object } = {};
  circle.self = circle;
  it.each([
    ['text', 'text'],
    ['a list', [1]],
    ['a function in it', { run: () => {} }],
    ['a date in it', { at: new Date() }],
    ['an instance of a class in it', { tenant: new (class Tenant {})() }],
    ['a promise', Promise.resolve({ id: 1 })],
    ['an instance of a class', new (class Tenant {})()],
    ['a circle', circle],
    ['too long a text', { text: 'x'.repeat(5_000) }],
  ])('must be small and plain: %s is refused', async (_name, value) => {
    const pool = await startPool({ carry: () => value });
    await expect(pool.run(tasks.now)).rejects.toThrow(/option "carry" must return a small plain/);
  });

  it('is refused as a promise that fails, without an unhandled rejection', async () => {
    const pool = await startPool({ carry: () => Promise.reject(new Error('no id')) });
    await expect(pool.run(tasks.now)).rejects.toThrow(/a promise, which nothing awaits/);
  });

  it('may fail, and then fails what asked for it', async () => {
    const pool = await startPool({
      carry: () => {
        throw new Error('no context');
      },
    });
    await expect(pool.run(tasks.now)).rejects.toThrow('no context');
  });
});
