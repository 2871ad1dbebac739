import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import express from 'express';
import {
  type Executor,
  FuturesModule,
  FuturesOptionsError,
  WorkerPool,
  processExecutor,
  threadExecutor,
  taskFile,
} from '../../src/index.js';
import { bullmqExecutor } from '../../src/bullmq/index.js';
import { FuturesHealthIndicator, type ReadinessOptions } from '../../src/health/index.js';
import { cleanUp, redisService, startWorker, testQueue } from '../bullmq/support.js';
import { type TestApp, onEachAdapter, request, startApp } from '../support/app.js';
import { Gate, gateTasks } from '../support/gate.js';
import { MemoryLogger } from '../support/memory-logger.js';
import { describeWith } from '../support/services.js';
import { tasks, withFile } from '../support/tasks.js';
import { until } from '../support/wait.js';

/** The probes of an app, as terminus documents them. */
function withProbes(options?: ReadinessOptions) {
  @Controller()
  class Health {
    constructor(
      private readonly health: HealthCheckService,
      private readonly futures: FuturesHealthIndicator,
    ) {}

    @Get('live')
    @HealthCheck()
    live() {
      return this.health.check([() => this.futures.isAlive('futures')]);
    }

    @Get('ready')
    @HealthCheck()
    ready() {
      return this.health.check([() => this.futures.isReady('futures', options)]);
    }
  }
  return {
    imports: [TerminusModule.forRoot({ logger: false })],
    providers: [FuturesHealthIndicator],
    controllers: [Health],
  };
}

/** What a probe says: `up`, or why it is down. */
async function probe(app: Pick<TestApp, 'get'>, path: '/live' | '/ready'): Promise<string> {
  const { status, body } = await app.get(path);
  const { details } = body as { details: { futures: { status: string; message?: string } } };
  const { status: state, message = '' } = details.futures;
  expect([status, state]).toEqual(state === 'up' ? [200, 'up'] : [503, 'down']);
  return state === 'up' ? 'up' : message;
}

onEachAdapter('health', (start) => {
  it('is up while executors work, also before their first call', async () => {
    const app = await start(withProbes());
    expect(await probe(app, '/live')).toBe('up');
    expect(await probe(app, '/ready')).toBe('up');
    await app.app.get(WorkerPool).run(tasks.add, 1, 2);
    expect(await probe(app, '/ready')).toBe('up');
  });

  it('is up if tasks fail, or end their workers', async () => {
    const app = await start({ ...withProbes(), futures: { threads: { max: 1 } } });
    const pool = app.app.get(WorkerPool);
    for (let i = 0; i < 4; i++) await pool.runAllSettled([[tasks.exit], [tasks.fail, 'no paper']]);
    expect(await probe(app, '/live')).toBe('up');
    expect(await probe(app, '/ready')).toBe('up');
  });
});

describe('health of executors that cannot start workers', () => {
  // Each death is a warning.
  beforeEach(() => Logger.overrideLogger(false));

  it('is down for threads', async () => {
    const resourceLimits = { maxOldGenerationSizeMb: 1, maxYoungGenerationSizeMb: 1 };
    const futures = {
      threads: { max: 1 },
      executors: { tiny: threadExecutor({ resourceLimits }) },
    };
    const app = await startApp('express', { ...withProbes(), futures });
    const pool = app.app.get(WorkerPool);
    await pool.using({ executor: 'tiny' }).runAllSettled([[tasks.add, 1, 2]]);
    const reason = /The executor "tiny" cannot start workers: \d+ in a row died/;
    expect(await probe(app, '/live')).toMatch(reason);
    expect(await probe(app, '/ready')).toMatch(reason);
    expect(pool.stats()['tiny']?.failedStarts).toBeGreaterThanOrEqual(2);
    expect(pool.stats()['thread']?.failedStarts).toBe(0);
  });

  it('is down for processes, and not for executors that are left out', async () => {
    const bad = withFile('preload.cjs', (file) => {
      const env = { NODE_OPTIONS: `--require=${file}` };
      return processExecutor({ max: 1, min: 1, env });
      // Now the file is gone, as after a bad deployment.
    });
    const ready = withProbes({ executors: ['thread'] });
    const app = await startApp('express', { ...ready, futures: { executors: { bad } } });
    await until('a failing probe', async () => (await probe(app, '/live')) !== 'up');
    expect(await probe(app, '/live')).toMatch(/"bad" cannot start workers/);
    expect(await probe(app, '/ready')).toBe('up');
  });
});

describe('health of queues', () => {
  it('is down when too many calls wait for too long, and up when they have run', async () => {
    const app = await startApp('express', {
      ...withProbes({ maxQueued: 1, queuedFor: 0 }),
      futures: { threads: { max: 1 } },
    });
    const pool = app.app.get(WorkerPool);
    const gate = await Gate.make();
    const held = pool.run(gateTasks.enter, gate.port);
    await gate.reached(1);
    const first = pool.run(tasks.add, 1, 2);
    expect(await probe(app, '/ready')).toBe('up');
    const second = pool.run(tasks.add, 1, 2);
    expect(await probe(app, '/ready')).toMatch(
      /2 calls wait in the executor "thread"; there have been more than 1 for \d+ ms/,
    );
    // To start the process again would only lose them.
    expect(await probe(app, '/live')).toBe('up');
    gate.open();
    await Promise.all([held, first, second]);
    expect(await probe(app, '/ready')).toBe('up');
  });

  it('is up while the queue is long for a shorter time', async () => {
    const app = await startApp('express', {
      ...withProbes({ maxQueued: 0, queuedFor: 600_000 }),
      futures: { threads: { max: 1 } },
    });
    const pool = app.app.get(WorkerPool);
    const gate = await Gate.make();
    const held = pool.runAll([
      [gateTasks.enter, gate.port],
      [tasks.add, 1, 2],
    ]);
    await gate.reached(1);
    expect(await probe(app, '/ready')).toBe('up');
    expect(await probe(app, '/ready')).toBe('up');
    gate.open();
    await held;
  });
});

describeWith(redisService, 'health of an executor with workers elsewhere', () => {
  it('is down without a worker, and up with one, though nothing was called', async () => {
    const queue = testQueue();
    const futures = { executors: { queue: bullmqExecutor(queue) } };
    const app = await startApp('express', { ...withProbes(), futures });
    expect(await probe(app, '/ready')).toBe('The executor "queue" has no worker.');
    expect(await probe(app, '/live')).toBe('up');
    const worker = await startWorker(queue);
    await until('a ready app', async () => (await probe(app, '/ready')) === 'up');
    await worker.kill();
    await until('an app that is not', async () => (await probe(app, '/ready')) !== 'up');
  }, 40_000);
});

describe('health of an executor that cannot be asked', () => {
  it('is down, and says why', async () => {
    const connection = { host: '127.0.0.1', port: 1 };
    const queue = bullmqExecutor({ connection, queue: 'futures', redisTimeout: 300 });
    const fleet: Executor = {
      run: async () => [],
      stats: () => ({ workers: 0, queued: 0, running: 0, resolved: 0, failed: 0 }),
      close: async () => {},
      remoteWorkers: async () => Promise.reject(new Error('The fleet is at sea.')),
    };
    const app = await startApp('express', {
      ...withProbes(),
      futures: { executors: { queue, fleet } },
    });
    const reason = await probe(app, '/ready');
    expect(reason).toMatch(/"queue" does not answer: .*Redis.* cannot be reached/);
    expect(reason).toContain('"fleet" does not answer: The fleet is at sea.');
    await expect(app.app.get(WorkerPool).remoteWorkers('thread')).resolves.toBeUndefined();
    expect(await probe(app, '/live')).toBe('up');
  });
});

describe('readiness', () => {
  it('comes when preloaded task files are loaded, and goes when the app shuts down', async () => {
    const slow = taskFile<typeof import('../fixtures/slow-to-load.tasks.js')>(
      new URL('../fixtures/slow-to-load.tasks.js', import.meta.url),
    );
    // A server that listens before Nest is initialised, as behind a serverless adapter.
    const handler = express();
    const server = createServer(handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUp(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { imports, ...rest } = withProbes();
    const futures = FuturesModule.forRoot({ threads: { min: 1, max: 1, preload: [slow] } });
    class Root {}
    const root = { module: Root, imports: [...imports, futures], ...rest };
    const app = await NestFactory.create(root, new ExpressAdapter(handler), {
      logger: new MemoryLogger(),
    });
    cleanUp(() => app.close());
    const indicator = app.get(FuturesHealthIndicator);
    const starting = app.init();
    expect(await indicator.isReady('futures')).toMatchObject({
      futures: { status: 'down', message: 'The app is starting.' },
    });
    await starting;
    const get = (path: string) => request(url + path);
    expect(await probe({ get }, '/ready')).toBe('up');
    expect(app.get(WorkerPool).stats()['thread']?.workers).toBe(1);
    await app.close();
    expect(await indicator.isReady('futures')).toMatchObject({
      futures: { status: 'down', message: 'The app is shutting down.' },
    });
  });

  it.each<[string, object, RegExp]>([
    ['maxQueued', { maxQueued: -1 }, /"maxQueued" must be an integer of 0 or more/],
    ['executors', { executors: 'thread' }, /"executors" must be an array/],
    ['an executor that is none', { executors: ['fleet'] }, /"fleet".*thread, process, inline/],
    ['a name that is none', { maxQueue: 1 }, /no option "maxQueue"/],
  ])('has options that are checked: %s', async (_what, options, message) => {
    const app = await startApp('express', withProbes());
    const asked = app.app.get(FuturesHealthIndicator).isReady('futures', options);
    await expect(asked).rejects.toThrow(FuturesOptionsError);
    await expect(asked).rejects.toThrow(message);
  });
});
