import { setTimeout as sleep } from 'node:timers/promises';
import {
  Controller,
  Get,
  Injectable,
  Module,
  NotFoundException,
  Param,
  type INestApplication,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import {
  FUTURES_OPTIONS,
  Future,
  FutureTimeoutError,
  Futures,
  FuturesContextError,
  FuturesModule,
  FuturesOptionsError,
  FuturesService,
  WorkerPool,
} from '../../src/index.js';
import { overrideFutures, type FuturesOverrides } from '../../src/testing/index.js';
import { request, type AdapterName, type TestResponse } from '../support/app.js';
import { MemoryLogger } from '../support/memory-logger.js';
import { tasks } from '../support/tasks.js';

/** Runs on the event loop in production, too. */
function inTheApp(name: string): string {
  return `app ${name}`;
}

@Injectable()
class Greeter {
  constructor(private readonly futures: FuturesService) {}

  greet(name: string): string {
    return this.futures.resultOrSubmit(`greeting:${name}`, 'placeholder', tasks.greet, name);
  }
}

@Controller()
class Desk {
  constructor(
    private readonly greeter: Greeter,
    private readonly pool: WorkerPool,
  ) {}

  @Get('injected/:name')
  injected(@Param('name') name: string) {
    return { value: this.greeter.greet(name) };
  }

  @Get('service/:name')
  service(@Param('name') name: string, @Futures() futures: FuturesService) {
    return { value: futures.resultOrSubmit('print', 'placeholder', tasks.greet, name) };
  }

  @Get('declared')
  declared(@Future('sum', { task: tasks.add, args: () => [1, 2] }) value: number) {
    return { value };
  }

  @Get('read')
  read(@Futures() futures: FuturesService, @Future('late') value?: string) {
    if (value === undefined) futures.submit('late', tasks.greet, 'late');
    return { value };
  }

  @Get('pool')
  async viaPool() {
    return { value: await this.pool.run(tasks.greet, 'pool') };
  }

  @Get('plain')
  plain(@Futures() futures: FuturesService) {
    return { value: futures.resultOrSubmit('plain', 'placeholder', inTheApp, 'x') };
  }

  @Get('echo')
  echo(@Futures() futures: FuturesService) {
    const value = futures.resultOrSubmit<[unknown], unknown, unknown>('echo', null, tasks.echo, {
      rows: [1],
    });
    // A careless handler: it changes what it was given.
    if (Array.isArray(value)) value.push('changed');
    return { value };
  }

  @Get('uncloneable')
  uncloneable(@Futures() futures: FuturesService) {
    return futures.resultOrSubmit<[unknown], unknown, unknown>('x', null, tasks.echo, () => 5);
  }
}

@Module({
  imports: [FuturesModule.forRoot()],
  controllers: [Desk],
  providers: [Greeter],
})
class AppModule {}

const apps = new Set<INestApplication>();

afterEach(async () => {
  for (const app of apps) await app.close();
  apps.clear();
});

async function start(adapter: AdapterName, builder: TestingModuleBuilder) {
  const log = new MemoryLogger();
  const module = await builder.setLogger(log).compile();
  const app = module.createNestApplication(
    adapter === 'express' ? new ExpressAdapter() : (new FastifyAdapter() as never),
  );
  app.useLogger(log);
  apps.add(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const get = (path: string): Promise<TestResponse> => request(url + path);
  return { get, log };
}

describe.each(['express', 'fastify'] as const)('overrideFutures() (%s)', (adapter) => {
  async function startWith(overrides: FuturesOverrides) {
    const builder = Test.createTestingModule({ imports: [AppModule] });
    const futures = overrideFutures(builder, overrides);
    return { futures, ...(await start(adapter, builder)) };
  }

  it('gives values for keys, by an injected service, @Futures() and @Future', async () => {
    const { futures, get } = await startWith({
      results: { 'greeting:Ada': 'given 1', print: 'given 2', sum: 3.5, late: 'given 4' },
    });
    const bodies = [];
    for (const path of ['/injected/Ada', '/service/x', '/declared', '/read']) {
      bodies.push((await get(path)).body);
    }
    expect(bodies).toEqual([
      { value: 'given 1' },
      { value: 'given 2' },
      { value: 3.5 },
      { value: 'given 4' },
    ]);
    futures.assertAllUsed();
  });

  it('has functions stand in for tasks, under any key and in WorkerPool', async () => {
    const { get } = await startWith({
      tasks: [
        [tasks.greet, (name: string) => `stand-in for ${name}`],
        [inTheApp, (name: string) => `stand-in ${name}`],
      ],
    });
    expect((await get('/injected/Ada')).body).toEqual({ value: 'stand-in for Ada' });
    expect((await get('/service/Bob')).body).toEqual({ value: 'stand-in for Bob' });
    expect((await get('/pool')).body).toEqual({ value: 'stand-in for pool' });
    expect((await get('/plain')).body).toEqual({ value: 'stand-in x' });
  });

  it('prefers the value of a key to the stand-in of its task', async () => {
    const { get } = await startWith({
      results: { print: 'key' },
      tasks: [[tasks.greet, () => 'task']],
    });
    expect((await get('/service/x')).body).toEqual({ value: 'key' });
    expect((await get('/injected/x')).body).toEqual({ value: 'task' });
  });

  it('runs what is not overridden on its executor', async () => {
    const { futures, get } = await startWith({ results: { other: 1 } });
    expect((await get('/injected/Ada')).body).toEqual({ value: 'Hello, Ada' });
    const [{ futures: [greeting] } = { futures: [] }] = futures.requests;
    expect(greeting).toMatchObject({
      worker: expect.stringContaining('thread'),
      status: 'resolved',
    });
  });

  it('makes futures and tasks fail', async () => {
    const { get } = await startWith({
      errors: {
        print: new NotFoundException('no paper'),
        sum: new FutureTimeoutError('run', 5, { task: 'add' }),
      },
      tasks: [
        [
          tasks.greet,
          () => {
            throw new NotFoundException('nobody');
          },
        ],
      ],
    });
    expect(await get('/service/x')).toMatchObject({ status: 404, body: { message: 'no paper' } });
    expect(await get('/declared')).toMatchObject({ status: 504 });
    expect(await get('/pool')).toMatchObject({ status: 404, body: { message: 'nobody' } });
  });

  it('counts passes and calls', async () => {
    const { futures, get } = await startWith({
      results: { sum: 5 },
      tasks: [[tasks.greet, async () => 'x']],
    });
    await get('/service/Ada');
    await get('/declared');
    await get('/pool');
    expect(futures.requests.map(({ passes }) => passes.length)).toEqual([2, 1]);
    expect(futures.requests[0]?.futures).toMatchObject([
      { key: 'print', status: 'resolved', executor: 'thread' },
    ]);
    expect(futures.calls).toEqual([
      { key: 'print', task: 'basic.greet', args: ['Ada'], executor: 'thread', isOverridden: true },
      { key: 'sum', task: 'basic.add', args: [1, 2], executor: 'thread', isOverridden: true },
      {
        key: undefined,
        task: 'basic.greet',
        args: ['pool'],
        executor: 'thread',
        isOverridden: true,
      },
    ]);
    expect(futures.argsOf(tasks.greet)).toEqual([['Ada'], ['pool']]);
  });

  it('takes other overrides for the next test, and forgets what was asked for', async () => {
    const { futures, get } = await startWith({ results: { print: 'first' } });
    expect((await get('/service/x')).body).toEqual({ value: 'first' });
    futures.use({ results: { print: 'second' } });
    expect(futures.calls).toEqual([]);
    expect(futures.requests).toEqual([]);
    expect((await get('/service/x')).body).toEqual({ value: 'second' });
    expect(futures.calls).toHaveLength(1);
  });

  it('names overrides that nothing has asked for', async () => {
    const { futures, get } = await startWith({
      results: { pritn: 'misspelt' },
      errors: { 'greeting:Bob': new Error('unused') },
      tasks: [[tasks.add, () => 5]],
    });
    expect(() => futures.assertAllUsed()).toThrow('It has made no call at all');
    await get('/injected/Ada');
    expect(futures.unused).toEqual([
      'results["pritn"]',
      'errors["greeting:Bob"]',
      'tasks[0] (basic.add)',
    ]);
    expect(() => futures.assertAllUsed()).toThrow(FuturesOptionsError);
    expect(() => futures.assertAllUsed()).toThrow(
      'Nothing in the app has asked for these overrides: results["pritn"], errors["greeting:Bob"], tasks[0] (basic.add). ' +
        'It has asked for these keys: greeting:Ada, and for these tasks: basic.greet.',
    );
  });

  it('gives each request a value of its own, whatever a handler does to it', async () => {
    const { get } = await startWith({ results: { echo: ['given'] } });
    expect((await get('/echo')).body).toEqual({ value: ['given', 'changed'] });
    expect((await get('/echo')).body).toEqual({ value: ['given', 'changed'] });
  });

  it('fails where a worker could not get the argument, or send the value', async () => {
    const { futures, get, log } = await startWith({ results: { x: 'given' } });
    expect(await get('/uncloneable')).toMatchObject({ status: 500 });
    expect(log.errors.join()).toContain(
      'The task basic.echo cannot be sent its arguments: args[0] is a function',
    );
    futures.use({ results: { echo: { save() {} } } });
    expect(await get('/echo')).toMatchObject({ status: 500 });
    expect(log.errors.join()).toContain(
      'The task basic.echo cannot send its result back: result.save is the function save',
    );
  });

  it('gives up a stand-in that does not end, as a task', async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(FUTURES_OPTIONS)
      .useValue({ timeout: 20 });
    overrideFutures(builder, {
      tasks: [[tasks.greet, () => sleep(60_000, 'late', { ref: false })]],
    });
    const { get } = await start(adapter, builder);
    expect(await get('/service/x')).toMatchObject({ status: 504 });
  });
});

describe('FUTURES_OPTIONS', () => {
  it('lets a test count only the passes that the request needs, with "strict"', async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(FUTURES_OPTIONS)
      .useValue({ strict: true });
    const futures = overrideFutures(builder, { results: { print: 'x' } });
    const { get } = await start('express', builder);
    await get('/service/x');
    expect(futures.requests.map(({ passes }) => passes.length)).toEqual([2]);
  });

  it('lets a test run the app with other options', async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(FUTURES_OPTIONS)
      .useValue({ executor: 'inline' });
    const { get } = await start('express', builder);
    expect((await get('/service/Ada')).body).toEqual({ value: 'Hello, Ada' });
  });
});

describe('the overrides of overrideFutures()', () => {
  const builder = () => Test.createTestingModule({ imports: [AppModule] });

  it.each([
    [
      'an unknown option',
      { result: { x: 1 } },
      'There is no option "result". Did you mean "results"? The options are: results, errors, tasks.',
    ],
    [
      'results that are no object',
      { results: [1] },
      'The option "results" must be an object, but is an array.',
    ],
    [
      'a pair without a function',
      { tasks: [[tasks.greet, 'x']] },
      `The option "tasks[0]" must be a task and the function that runs instead, such as [tasks.render, () => '<svg/>'], but is [a function, "x"].`,
    ],
    ['a task without its pair', { tasks: [tasks.greet, () => 'x'] }, 'but is a function.'],
    [
      'a task twice',
      {
        tasks: [
          [tasks.greet, () => 1],
          [tasks.greet, () => 2],
        ],
      },
      'The option "tasks" names basic.greet twice.',
    ],
    [
      'a key twice',
      { results: { a: 1 }, errors: { a: new Error('x') } },
      'The key "a" is in "results" and in "errors".',
    ],
  ])('are refused: %s', (_, overrides, message) => {
    expect(() => overrideFutures(builder(), overrides as never)).toThrow(FuturesOptionsError);
    expect(() => overrideFutures(builder(), overrides as never)).toThrow(message);
  });

  it('say so if no app has taken them', async () => {
    const futures = overrideFutures(builder(), { results: { x: 1 } });
    expect(() => futures.calls).toThrow(FuturesContextError);
    expect(() => futures.assertAllUsed()).toThrow('call compile() on that same builder');
  });
});
