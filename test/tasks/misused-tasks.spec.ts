import { Controller, Get } from '@nestjs/common';
import { Futures, FuturesArgumentError, FuturesService, WorkerPool } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { tasks } from '../support/tasks.js';

describe('the handle of a task', () => {
  const says =
    /basic\.add is the handle of a task, not .*Pass it to submit\(\), resultOrSubmit\(\)/;

  it('cannot be awaited: the error says what to do with it', async () => {
    await expect((async () => await (tasks.add as unknown as Promise<number>))()).rejects.toThrow(
      says,
    );
    await expect(Promise.resolve(tasks.add)).rejects.toBeInstanceOf(FuturesArgumentError);
    await expect((async () => tasks.add)()).rejects.toMatchObject({
      code: 'ERR_FUTURES_ARGUMENT',
      task: 'basic.add',
    });
  });

  it('cannot be called', () => {
    expect(() => tasks.add(1, 2)).toThrow(says);
  });

  it('can be looked at, compared and logged', () => {
    expect(Object.keys(tasks.add)).toEqual([]);
    expect(tasks.add).toBe(tasks.add);
    expect(JSON.stringify({ task: tasks.add })).toBe('{}');
    expect(tasks.add.name).toBe('add');
  });
});

/** Keeps the event loop from doing anything else for at least 60 ms. */
function block(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
}

onEachAdapter('a plain function that blocks the event loop', (start) => {
  const { NODE_ENV } = process.env;
  afterEach(() => {
    process.env.NODE_ENV = NODE_ENV;
  });

  const blocked = (app: { log: { warnings: string[] } }) =>
    app.log.warnings.filter((text) => text.includes('event loop'));

  function desk() {
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('chart', '', function renderChart() {
          block();
          return 'chart';
        });
      }
      @Get('quick')
      quick(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('chart', '', () => 'quick');
      }
    }
    return Desk;
  }

  it('for more than 50 ms is reported once in development, with its key and the remedy', async () => {
    const app = await start({ controllers: [desk()] });
    for (let i = 0; i < 3; i++) expect((await app.get('/')).text).toBe('chart');
    expect(blocked(app)).toHaveLength(1);
    const [warning] = blocked(app);
    expect(warning).toContain('renderChart');
    expect(warning).toContain('"chart"');
    expect(warning).toContain('taskFile()');
  });

  it('is reported for WorkerPool too, even if it throws', async () => {
    const app = await start({});
    const run = app.app.get(WorkerPool).run(() => {
      block();
      throw new Error('broken');
    });
    await expect(run).rejects.toThrow('broken');
    expect(blocked(app)).toHaveLength(1);
  });

  it('is not reported in production', async () => {
    process.env.NODE_ENV = 'production';
    const app = await start({ controllers: [desk()] });
    expect((await app.get('/')).text).toBe('chart');
    expect(blocked(app)).toEqual([]);
  });

  it('is not reported if it awaits, or ends soon', async () => {
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('x', '', async () => {
          await new Promise((resolve) => setTimeout(resolve, 60));
          return 'waited';
        });
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).text).toBe('waited');
    expect(blocked(app)).toEqual([]);
  });
});
