import { Controller, Get } from '@nestjs/common';
import {
  Futures,
  FuturesOptionsError,
  FuturesService,
  WorkerPool,
  processExecutor,
  taskFile,
  threadExecutor,
} from '../../src/index.js';
import { resolveOptions } from '../../src/request/futures.options.js';
import { onEachAdapter } from '../support/app.js';
import { desk, errorOf } from '../support/desk.js';
import { Gate, gateTasks } from '../support/gate.js';
import { tasks } from '../support/tasks.js';

const twice = taskFile<typeof import('../fixtures/basic.tasks.js')>(
  new URL('../fixtures/basic.tasks.js', import.meta.url),
  { name: 'twice' },
);

describe('a wait in the queue', () => {
  it('is bounded by default', () => {
    expect(resolveOptions().queueTimeout).toBe(60_000);
  });
});

onEachAdapter('an executor of its own', (start) => {
  it.each([
    ['threads', threadExecutor],
    ['processes', processExecutor],
  ])('keeps a flood of tasks away from other routes: %s', async (_kind, executor) => {
    const gate = await Gate.make();

    @Controller()
    class Desk {
      @Get('report/:n')
      report(@Futures() futures: FuturesService) {
        const reports = futures.using({ executor: 'reports' });
        return reports.resultOrSubmit('report', '', gateTasks.enter, gate.port);
      }

      @Get('other')
      other(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('sum', 0, twice.add, 1, 2);
      }
    }

    const app = await start({
      controllers: [Desk],
      futures: { threads: { max: 1 }, executors: { reports: executor({ max: 1, maxQueue: 50 }) } },
    });
    const flood = Array.from({ length: 40 }, (_, n) => app.get(`/report/${n}`));
    await gate.reached(1);
    const others = Array.from({ length: 11 }, () => app.get('/other'));
    const answered = (await Promise.all(others)).filter(({ text }) => text === '3');
    expect(answered).toHaveLength(11);
    expect(app.app.get(WorkerPool).stats()['reports']).toMatchObject({ workers: 1, running: 1 });
    gate.open();
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    await gate.close();
  });

  it('serves several apps, one after the other or at once', async () => {
    const executors = { reports: threadExecutor({ max: 1 }) };
    const page = desk((futures) =>
      futures.using({ executor: 'reports' }).resultOrSubmit('sum', 0, twice.add, 1, 2),
    );
    const first = await start({ controllers: [page], futures: { executors } });
    const second = await start({ controllers: [page], futures: { executors } });
    expect((await first.get('/')).body).toBe(3);
    await first.close();
    expect((await second.get('/')).body).toBe(3);
    await second.close();
    const third = await start({ controllers: [page], futures: { executors } });
    expect((await third.get('/')).body).toBe(3);
  });

  it("uses the app's byte limits unless it has its own", async () => {
    const page = (executor: string) =>
      desk((futures) =>
        futures
          .using({ executor })
          .resultOrSubmit('echo', '', twice.echo<string>, 'x'.repeat(2_000)),
      );
    const executors = {
      inherits: threadExecutor({ max: 1 }),
      own: threadExecutor({ max: 1, maxArgumentBytes: 10_000, maxResultBytes: 10_000 }),
    };
    const futures = { executors, maxArgumentBytes: 1_000, maxResultBytes: 1_000 };
    const refused = await start({ controllers: [page('inherits')], futures });
    expect((await refused.get('/')).status).toBe(500);
    const taken = await start({ controllers: [page('own')], futures });
    expect((await taken.get('/')).status).toBe(200);
  });

  it('starts with the app if it must always have workers, and ends with it', async () => {
    const app = await start({
      controllers: [],
      futures: { executors: { reports: threadExecutor({ min: 1, max: 2 }) } },
    });
    const stats = () => app.app.get(WorkerPool).stats()['reports'];
    expect(stats()?.workers).toBe(1);
    const pool = app.app.get(WorkerPool).using({ executor: 'reports' });
    expect(await pool.run(tasks.add, 1, 2)).toBe(3);
    await app.close();
    expect(stats()?.workers).toBe(0);
  });
});

describe.each([
  ['threadExecutor', threadExecutor, 'threads'],
  ['processExecutor', processExecutor, 'processes'],
] as const)('%s()', (_name, make, kind) => {
  it.each([
    [{ max: 0 }, `${kind}.max`],
    [{ maxx: 1 }, 'maxx'],
    [{ maxResultBytes: 0 }, 'maxResultBytes'],
    [{ idleTimeout: -1 }, `${kind}.idleTimeout`],
  ])('refuses %j, and names the option', (options, name) => {
    const error = errorOf(() => make(options as object));
    expect(error).toBeInstanceOf(FuturesOptionsError);
    expect((error as Error).message).toContain(name);
  });
});
