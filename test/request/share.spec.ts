import { Controller, Get, Param, type ExecutionContext } from '@nestjs/common';
import {
  type Call,
  type Executor,
  type FuturesModuleOptions,
  Future,
  Futures,
  FuturesOptionsError,
  FuturesService,
  UseFutures,
  WorkerPool,
} from '../../src/index.js';
import { InlineExecutor } from '../../src/executors/inline.executor.js';
import { resolveOptions } from '../../src/request/futures.options.js';
import { onEachAdapter } from '../support/app.js';
import { errorOf } from '../support/desk.js';
import { tasks } from '../support/tasks.js';

/** Keeps the calls that it gets. */
class Recorder extends InlineExecutor {
  readonly calls: Call[] = [];

  override run(calls: readonly Call[], options: Parameters<Executor['run']>[1]) {
    this.calls.push(...calls);
    return super.run(calls, options);
  }

  /** The only call of this key. */
  of(key: string | undefined): Call {
    const found = this.calls.filter((each) => each.key === key);
    expect(found).toHaveLength(1);
    return found[0] as Call;
  }
}

const tenantOf = (context: ExecutionContext) =>
  context.switchToHttp().getRequest<{ params: { tenant: string } }>().params.tenant;

@Controller()
class Desk {
  @Get('imperative/:tenant')
  imperative(@Futures() futures: FuturesService) {
    const urgent = futures.using({ priority: 'high', deadline: 5_000 });
    return [
      futures.resultOrSubmit('plain', 0, tasks.add, 1, 2),
      urgent.resultOrSubmit('urgent', 0, tasks.add, 3, 4),
    ];
  }

  @Get('declared/:tenant')
  declared(
    @Param('tenant') _tenant: string,
    @Future('sum', { task: tasks.add, args: () => [5, 6], priority: 'low' }) sum: number,
  ) {
    return sum;
  }

  @Get('route/:tenant')
  @UseFutures({ deadline: 2_000 })
  route(@Futures() futures: FuturesService) {
    return futures.resultOrSubmit('ofRoute', 0, tasks.add, 7, 8);
  }
}

onEachAdapter('what a request says of its calls', (start) => {
  async function startDesk(futures: FuturesModuleOptions = {}) {
    const recorder = new Recorder();
    const app = await start({
      controllers: [Desk],
      futures: { executor: 'recorder', executors: { recorder }, ...futures },
    });
    return { app, recorder };
  }

  it('the share and the weight that the options name, asked once per request', async () => {
    const asked: string[] = [];
    const { app, recorder } = await startDesk({
      share: (context) => {
        asked.push(tenantOf(context));
        return tenantOf(context);
      },
      weight: (share) => (share === 'blue' ? 4 : undefined),
    });
    expect((await app.get('/imperative/blue')).body).toEqual([3, 7]);
    expect((await app.get('/declared/red')).body).toBe(11);
    expect(asked).toEqual(['blue', 'red']);
    expect(recorder.of('plain')).toMatchObject({ share: 'blue', weight: 4 });
    expect(recorder.of('urgent')).toMatchObject({ share: 'blue', weight: 4 });
    expect(recorder.of('sum')).toMatchObject({ share: 'red', weight: undefined });
  });

  it('no share without the option, or if it returns undefined', async () => {
    const plain = await startDesk();
    await plain.app.get('/imperative/blue');
    expect(plain.recorder.of('plain').share).toBeUndefined();
    const unnamed = await startDesk({ share: () => undefined });
    await unnamed.app.get('/imperative/blue');
    expect(unnamed.recorder.of('plain').share).toBeUndefined();
  });

  it('the priority of using() and @Future', async () => {
    const { app, recorder } = await startDesk();
    await app.get('/imperative/blue');
    await app.get('/declared/blue');
    expect(recorder.of('plain').priority ?? 'normal').toBe('normal');
    expect(recorder.of('urgent').priority).toBe('high');
    expect(recorder.of('sum').priority).toBe('low');
  });

  it('the deadline of using() and of the route, from the start of the request', async () => {
    const { app, recorder } = await startDesk();
    const before = performance.now();
    await app.get('/imperative/blue');
    await app.get('/route/blue');
    const after = performance.now();
    expect(recorder.of('plain').deadline).toBeUndefined();
    expect(recorder.of('urgent').deadline).toBeGreaterThan(before + 5_000);
    expect(recorder.of('urgent').deadline).toBeLessThan(after + 5_000);
    expect(recorder.of('ofRoute').deadline).toBeGreaterThan(before + 2_000);
    expect(recorder.of('ofRoute').deadline).toBeLessThan(after + 2_000);
  });

  it('the deadline and the priority of a WorkerPool, from its call', async () => {
    const { app, recorder } = await startDesk();
    const pool = app.app.get(WorkerPool).using({ deadline: 1_000, priority: 'low' });
    const before = performance.now();
    expect(await pool.run(tasks.add, 1, 2)).toBe(3);
    expect(recorder.of(undefined).priority).toBe('low');
    expect(recorder.of(undefined).deadline).toBeGreaterThanOrEqual(before + 1_000);
  });

  it.each([
    ['share', { share: () => 7 as never }],
    ['weight', { share: () => 'a', weight: () => 0 }],
    ['weight', { share: () => 'a', weight: () => Number.NaN }],
  ])('a wrong answer of "%s" fails the request, not the app', async (name, options) => {
    const { app } = await startDesk(options);
    const { status } = await app.get('/imperative/blue');
    expect(status).toBe(500);
    expect((await app.get('/declared/blue')).status).toBe(500);
    expect(app.log.errors.join()).toContain(`The option "${name}" must return`);
  });
});

it('weight without share is refused, since it would have no effect', () => {
  const error = errorOf(() => resolveOptions({ weight: () => 2 }));
  expect(error).toBeInstanceOf(FuturesOptionsError);
  expect((error as Error).message).toContain('give "share" as well');
});

it.each([{ priority: 'urgent' }, { deadline: 0 }, { deadline: '1s' }])(
  'using(%j) is refused',
  (options) => {
    const pool = new WorkerPool({} as never);
    expect(errorOf(() => pool.using(options as never))).toBeInstanceOf(FuturesOptionsError);
  },
);
