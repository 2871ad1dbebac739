import { tracingChannel } from 'node:diagnostics_channel';
import { BadRequestException, Controller, Get } from '@nestjs/common';
import { Counter, Registry, register } from 'prom-client';
import {
  type Executor,
  Futures,
  FuturesOptionsError,
  FuturesService,
  WorkerPool,
} from '../../src/index.js';
import { bullmqExecutor } from '../../src/bullmq/index.js';
import { FuturesPrometheusModule } from '../../src/prometheus/index.js';
import { redisService, startWorker, testQueue } from '../bullmq/support.js';
import { onEachAdapter, startApp } from '../support/app.js';
import { Gate, gateTasks } from '../support/gate.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
import { until } from '../support/wait.js';
import { metricsRoute, scrape, valueOf } from './scrape.js';

@Controller()
class Desk {
  @Get('sum')
  sum(@Futures() futures: FuturesService) {
    return futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
  }

  @Get('chain')
  chain(@Futures() futures: FuturesService) {
    const one = futures.resultOrSubmit('one', 0, tasks.add, 1, 2);
    return one > 0 ? futures.resultOrSubmit('two', 0, tasks.add, one, 2) : 0;
  }

  @Get('bad')
  bad(@Futures() _futures: FuturesService) {
    throw new BadRequestException('no');
  }
}

/** An app with metrics in `registry`, and a route that serves them. */
function withMetrics(registry: Registry, options: object = {}) {
  return {
    imports: [FuturesPrometheusModule.forRoot({ registry, ...options })],
    controllers: [Desk, metricsRoute(registry)],
  };
}

function listening(): boolean[] {
  return ['call', 'pass', 'request'].map((name) => {
    return tracingChannel(`nestjs-futures:${name}`).asyncEnd.hasSubscribers;
  });
}

onEachAdapter('metrics', (start) => {
  it('say how many passes requests took, and what became of each pass', async () => {
    const app = await start(withMetrics(new Registry()));
    await app.get('/sum');
    await app.get('/chain');
    await app.get('/bad');
    await until('the end of the requests', async () => {
      return valueOf(await scrape(app), 'request_passes_count') === 3;
    });
    const samples = await scrape(app);
    const sum = { handler: 'Desk.sum' };
    expect(valueOf(samples, 'request_passes_sum', sum)).toBe(2);
    expect(valueOf(samples, 'request_passes_bucket', { ...sum, le: '1' })).toBe(0);
    expect(valueOf(samples, 'request_passes_bucket', { ...sum, le: '2' })).toBe(1);
    expect(valueOf(samples, 'request_passes_sum', { handler: 'Desk.chain' })).toBe(3);
    expect(valueOf(samples, 'passes_total', { outcome: 'discarded' })).toBe(3);
    expect(valueOf(samples, 'passes_total', { outcome: 'published' })).toBe(2);
    expect(valueOf(samples, 'passes_total', { handler: 'Desk.bad', outcome: 'failed' })).toBe(1);
    expect(valueOf(samples, 'calls_total', { executor: 'thread', task: 'basic.add' })).toBe(3);
  });
});

describe('metrics of executors', () => {
  it('count the outcomes of calls by executor and task', async () => {
    const futures = { threads: { max: 1, maxQueue: 1 }, processes: { max: 1 } };
    const app = await startApp('express', { ...withMetrics(new Registry()), futures });
    const pool = app.app.get(WorkerPool);
    await pool.run(tasks.add, 1, 2);
    await pool.using({ executor: 'process' }).run(tasks.add, 1, 2);
    await pool.using({ executor: 'inline' }).run(tasks.add, 1, 2);
    await pool.runAllSettled([[tasks.fail, 'no paper']]);
    await pool.runAllSettled([[tasks.exit]]);
    await pool.using({ timeout: 20 }).runAllSettled([[tasks.spin, 30_000]]);
    const gate = await Gate.make();
    const held = pool.run(gateTasks.enter, gate.port);
    await gate.reached(1);
    const queued = pool.using({ queueTimeout: 50 }).runAllSettled([[tasks.greet, 'Ada']]);
    await pool.runAllSettled([[tasks.echo, 1]]);

    const busy = await scrape(app);
    expect(valueOf(busy, 'running_calls', { executor: 'thread' })).toBe(1);
    expect(valueOf(busy, 'queued_calls', { executor: 'thread' })).toBe(1);
    expect(valueOf(busy, 'workers', { executor: 'thread' })).toBe(1);
    expect(valueOf(busy, 'workers_max', { executor: 'thread' })).toBe(1);
    await queued;
    gate.open();
    await held;

    const samples = await scrape(app);
    const ended = (executor: string, task: string, outcome: string) =>
      valueOf(samples, 'calls_total', { executor, task, outcome });
    expect(ended('thread', 'basic.add', 'resolved')).toBe(1);
    expect(ended('process', 'basic.add', 'resolved')).toBe(1);
    expect(ended('inline', 'basic.add', 'resolved')).toBe(1);
    expect(ended('thread', 'basic.fail', 'failed')).toBe(1);
    expect(ended('thread', 'basic.exit', 'broken')).toBe(1);
    expect(ended('thread', 'basic.spin', 'timed_out')).toBe(1);
    expect(ended('thread', 'basic.echo', 'refused')).toBe(1);
    expect(ended('thread', 'basic.greet', 'timed_out')).toBe(1);
    expect(valueOf(samples, 'calls_total')).toBe(9);
    expect(valueOf(samples, 'replaced_workers_total', { executor: 'thread' })).toBe(2);
    expect(valueOf(samples, 'queued_calls')).toBe(0);
    expect(valueOf(samples, 'running_calls')).toBe(0);
    expect(valueOf(samples, 'failed_starts')).toBe(0);

    const add = { executor: 'thread', task: 'basic.add' };
    expect(valueOf(samples, 'call_run_seconds_count', add)).toBe(1);
    expect(valueOf(samples, 'call_wait_seconds_count', add)).toBe(1);
    // In seconds, and for what waited in vain, too.
    const greet = valueOf(samples, 'call_wait_seconds_sum', { task: 'basic.greet' })!;
    expect(greet).toBeGreaterThanOrEqual(0.04);
    expect(greet).toBeLessThan(20);
    expect(valueOf(samples, 'call_run_seconds_count', { task: 'basic.greet' })).toBeUndefined();
    expect(valueOf(samples, 'call_wait_seconds_count', { task: 'basic.echo' })).toBeUndefined();
    const entered = valueOf(samples, 'call_run_seconds_sum', { task: 'gate.enter' })! * 1_000;
    const known = pool.stats()['thread']!.tasks!['gate.enter']!.run.p50;
    expect([entered > known * 0.8, entered < known * 1.2]).toEqual([true, true]);
  });

  it('count calls whose client has gone', async () => {
    @Controller()
    class Page {
      @Get('hold')
      async hold(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('held', null, gateTasks.enter, gate.port);
      }
    }
    const gate = await Gate.make();
    const registry = new Registry();
    const app = await startApp('fastify', {
      imports: [FuturesPrometheusModule.forRoot({ registry })],
      controllers: [Page, metricsRoute(registry)],
    });
    const client = new AbortController();
    const asked = app.get('/hold', { signal: client.signal }).catch(() => {});
    await gate.reached(1);
    client.abort();
    await asked;
    await until('a cancelled call', async () => {
      return valueOf(await scrape(app), 'calls_total', { outcome: 'cancelled' }) === 1;
    });
  });

  it('keep the number of labels within maxTasks', async () => {
    const app = await startApp('express', withMetrics(new Registry(), { maxTasks: 2 }));
    const pool = app.app.get(WorkerPool);
    await pool.runAll([[tasks.add, 1, 2], [tasks.echo, 1], [tasks.greet, 'Ada'], [tasks.where]]);
    await pool.run(tasks.add, 3, 4);
    for (const path of ['/sum', '/chain', '/bad']) await app.get(path);
    const samples = await scrape(app);
    const names = (label: string) => {
      const all = samples.flatMap(({ labels }) => labels[label] ?? []);
      return [...new Set(all)].toSorted();
    };
    expect(names('task')).toEqual(['(others)', 'basic.add', 'basic.echo']);
    expect(names('handler')).toEqual(['(others)', 'Desk.chain', 'Desk.sum']);
    expect(valueOf(samples, 'calls_total', { task: '(others)' })).toBe(2);
  });

  it('cut long task ids, and escape odd ones', async () => {
    const app = await startApp('express', withMetrics(new Registry()));
    const odd = Object.defineProperty(() => 1, 'name', { value: 'a"\\\n' + 'x'.repeat(1e5) });
    await app.app.get(WorkerPool).run(odd);
    const task = (await scrape(app)).find(({ labels }) => labels['task'])?.labels['task'];
    expect(task).toContain('a\\"\\\\\\nxxx');
    expect(task!.length).toBeLessThan(250);
  });

  it('survive executors that give no times, and errors that cannot be inspected', async () => {
    const { proxy, revoke } = Proxy.revocable(new Error('gone'), {});
    revoke();
    const outcomes = [
      { status: 'resolved', value: 1 },
      { status: 'resolved', value: 1, worker: 'w', wait: Number.NaN, run: -1 },
      { status: 'failed', value: proxy, worker: 'w', wait: 1, run: '2' },
    ];
    const odd = { run: async () => outcomes, stats: () => ({}), close: async () => {} };
    const futures = { executors: { odd: odd as unknown as Executor } };
    const app = await startApp('express', { ...withMetrics(new Registry()), futures });
    const pool = app.app.get(WorkerPool).using({ executor: 'odd' });
    await pool.runAllSettled([
      [tasks.echo, 1],
      [tasks.echo, 2],
      [tasks.echo, 3],
    ]);
    const samples = await scrape(app);
    expect(valueOf(samples, 'calls_total', { executor: 'odd', outcome: 'resolved' })).toBe(2);
    expect(valueOf(samples, 'calls_total', { executor: 'odd', outcome: 'failed' })).toBe(1);
    expect(valueOf(samples, 'call_wait_seconds_count', { executor: 'odd' })).toBe(1);
    expect(valueOf(samples, 'call_run_seconds_count', { executor: 'odd' })).toBeUndefined();
    expect(valueOf(samples, 'workers', { executor: 'odd' })).toBeUndefined();
    expect(valueOf(samples, 'workers', { executor: 'thread' })).toBe(0);
  });

  it('keep the other metrics if an executor cannot give its statistics', async () => {
    const broken = {
      run: async () => [],
      close: async () => {},
      stats() {
        throw new Error('no figures');
      },
    };
    const registry = new Registry();
    new Counter({ name: 'orders_total', help: 'Orders.', registers: [registry] }).inc(5);
    const futures = { executors: { broken: broken as Executor } };
    const app = await startApp('express', { ...withMetrics(registry), futures });
    const samples = await scrape(app);
    expect(samples).toContainEqual({ name: 'orders_total', labels: {}, value: 5 });
    expect(app.log.warnings.join()).toContain('cannot be read for Prometheus');
  });
});

describeWith(redisService, 'metrics of a queue', () => {
  it('tell its workers, and the outcomes and times of its calls', async () => {
    const queue = testQueue();
    await startWorker(queue);
    const futures = { executors: { queue: bullmqExecutor(queue) } };
    const app = await startApp('express', { ...withMetrics(new Registry()), futures });
    const pool = app.app.get(WorkerPool).using({ executor: 'queue' });
    await pool.run(tasks.add, 1, 2);
    await pool.runAllSettled([[tasks.fail, 'no paper']]);
    const samples = await scrape(app);
    const add = { executor: 'queue', task: 'basic.add' };
    expect(valueOf(samples, 'workers', { executor: 'queue' })).toBe(1);
    expect(valueOf(samples, 'workers_max', { executor: 'queue' })).toBeUndefined();
    expect(valueOf(samples, 'calls_total', { ...add, outcome: 'resolved' })).toBe(1);
    expect(valueOf(samples, 'call_run_seconds_count', add)).toBe(1);
    expect(valueOf(samples, 'calls_total', { task: 'basic.fail', outcome: 'failed' })).toBe(1);
  });
});

describe('the registry of metrics', () => {
  it('is the one of prom-client by default, and empty again after the app', async () => {
    const before = listening();
    const app = await startApp('express', {
      imports: [FuturesPrometheusModule.forRoot()],
      controllers: [Desk, metricsRoute(register)],
    });
    expect(listening()).toEqual([true, true, true]);
    await app.get('/sum');
    expect(valueOf(await scrape(app), 'calls_total')).toBe(1);
    await app.close();
    expect(before).toEqual([false, false, false]);
    expect(listening()).toEqual(before);
    expect(await register.metrics()).toBe('\n');
  });

  it('is told apart by two apps in one process that have one each', async () => {
    const one = await startApp('express', withMetrics(new Registry()));
    const two = await startApp('fastify', withMetrics(new Registry()));
    await one.get('/sum');
    await one.get('/sum');
    await two.get('/chain');
    const [first, second] = [await scrape(one), await scrape(two)];
    expect(valueOf(first, 'calls_total')).toBe(2);
    expect(valueOf(second, 'calls_total')).toBe(2);
    expect(valueOf(first, 'passes_total', { handler: 'Desk.chain' })).toBeUndefined();
    expect(valueOf(second, 'passes_total', { handler: 'Desk.sum' })).toBeUndefined();
  });

  it('adds up two apps that share it, and keeps the metrics until the last has ended', async () => {
    const registry = new Registry();
    const futures = { threads: { max: 2 } };
    const one = await startApp('express', { ...withMetrics(registry), futures });
    const two = await startApp('fastify', { ...withMetrics(registry), futures });
    await one.get('/sum');
    await two.get('/sum');
    const both = await scrape(one);
    expect(valueOf(both, 'calls_total')).toBe(2);
    expect(valueOf(both, 'workers_max', { executor: 'thread' })).toBe(4);
    await one.close();
    await two.get('/sum');
    const left = await scrape(two);
    expect(valueOf(left, 'calls_total')).toBe(3);
    expect(valueOf(left, 'workers_max', { executor: 'thread' })).toBe(2);
    await two.close();
    expect(registry.getMetricsAsArray()).toEqual([]);
  });

  it('may be in the OpenMetrics format', async () => {
    const registry = new Registry();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    const app = await startApp('express', withMetrics(registry));
    await app.get('/sum');
    const { text } = await app.get('/metrics');
    expect(text).toMatch(/^nestjs_futures_calls_total\{.*outcome="resolved"\} 1$/m);
    expect(text).toMatch(/# EOF\n?$/);
  });

  it('may come from a provider', async () => {
    const registry = new Registry();
    const app = await startApp('express', {
      imports: [FuturesPrometheusModule.forRootAsync({ useFactory: () => ({ registry }) })],
      controllers: [metricsRoute(registry)],
    });
    expect(valueOf(await scrape(app), 'workers', { executor: 'thread' })).toBe(0);
  });

  it.each<[string, object, RegExp]>([
    ['registry', { registry: {} }, /"registry" must be a Registry of prom-client/],
    ['buckets', { buckets: [1, 1] }, /"buckets" must be an array of numbers over 0/],
    ['buckets', { buckets: [] }, /"buckets"/],
    ['maxTasks', { maxTasks: 0 }, /"maxTasks" must be an integer of 1 or more/],
    ['a name that is none', { maxTask: 1 }, /no option "maxTask"/],
  ])('and other options are checked at startup: %s', async (_what, options, message) => {
    const started = startApp('express', { imports: [FuturesPrometheusModule.forRoot(options)] });
    await expect(started).rejects.toThrow(FuturesOptionsError);
    await expect(started).rejects.toThrow(message);
  });

  it('is not touched if it has other metrics of these names', async () => {
    const registry = new Registry();
    const name = 'nestjs_futures_calls_total';
    new Counter({ name, help: 'Mine.', registers: [registry] }).inc(7);
    await expect(startApp('express', withMetrics(registry))).rejects.toThrow(
      /already has a metric/,
    );
    expect(registry.getMetricsAsArray()).toHaveLength(1);
    expect(listening()).toEqual([false, false, false]);
  });

  it('is not shared by apps with other buckets', async () => {
    const registry = new Registry();
    await startApp('express', withMetrics(registry));
    const other = startApp('express', withMetrics(registry, { buckets: [1, 2] }));
    await expect(other).rejects.toThrow(/other "maxTasks" or "buckets"/);
  });
});
