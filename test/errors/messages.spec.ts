import { type AddressInfo, createServer } from 'node:net';
import { promisify } from 'node:util';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type CanActivate,
  Controller,
  Get,
  Inject,
  Injectable,
  type NestMiddleware,
  type MiddlewareConsumer,
  Module,
  UseGuards,
} from '@nestjs/common';
import { Future, Futures, FuturesService, WorkerPool } from '../../src/index.js';
import { bullmqExecutor } from '../../src/bullmq/index.js';
import { addressOf } from '../../src/bullmq/address.js';
import { resolveOptions } from '../../src/request/futures.options.js';
import { onEachAdapter, startApp } from '../support/app.js';
import { call, run } from '../support/executors.js';
import { errorOf } from '../support/desk.js';
import { tasks } from '../support/tasks.js';

const textOf = (make: () => unknown) => (errorOf(make) as Error).message;

describe('a misspelt name', () => {
  it.each([
    [{ maxPases: 3 }, 'There is no option "maxPases". Did you mean "maxPasses"?'],
    [{ threads: { mx: 1 } }, 'There is no option "threads.mx". Did you mean "threads.max"?'],
    [{ queuetimeout: 1 }, 'There is no option "queuetimeout". Did you mean "queueTimeout"?'],
    [{ executor: 'tread' }, 'but is "tread". Did you mean "thread"?'],
    [{ unread: 'warning' }, 'but is "warning".'],
  ])('%j: %s', (options, expected) => {
    expect(textOf(() => resolveOptions(options as object))).toContain(expected);
  });

  it('of nothing like the names there are gets no guess', () => {
    expect(textOf(() => resolveOptions({ colour: 1 } as object))).not.toContain('Did you mean');
    expect(textOf(() => resolveOptions({ executor: 'rabbit' }))).not.toContain('Did you mean');
  });

  it('of an executor, in using()', async () => {
    const { app } = await startApp('express', {});
    const pool = app.get(WorkerPool).using({ executor: 'proces' });
    await expect(pool.run(tasks.add, 1, 2)).rejects.toThrow(
      'There is no executor "proces". Did you mean "process"? The executors are:',
    );
  });
});

onEachAdapter('FuturesService where no pass runs', (start) => {
  it.each(['request', 'singleton'] as const)('names the guard (%s scope)', async (scope) => {
    const messages: string[] = [];

    @Injectable()
    class EarlyGuard implements CanActivate {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}

      async canActivate() {
        await Promise.resolve();
        messages.push(textOf(() => this.futures.result('x', 0)));
        return true;
      }
    }

    @Controller()
    class Desk {
      @Get('page')
      @UseGuards(EarlyGuard)
      page(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
      }
    }

    const app = await start({ controllers: [Desk], futures: { scope } });
    expect((await app.get('/page?a=1')).body).toBe(3);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain('The guard EarlyGuard used FuturesService before pass 1');
    expect(messages[0]).toContain('await workerPool.run(task, ...args)');
    if (scope === 'request') expect(messages[0]).toContain('of GET /page?a=1');
  });

  it('names the middleware', async () => {
    const messages: string[] = [];

    @Injectable()
    class EarlyMiddleware implements NestMiddleware {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}

      use(_request: unknown, _response: unknown, next: () => void) {
        messages.push(textOf(() => this.futures.result('x', 0)));
        next();
      }
    }

    @Controller()
    class Desk {
      @Get()
      page() {
        return 'page';
      }
    }

    @Module({ controllers: [Desk] })
    class PageModule {
      configure(consumer: MiddlewareConsumer) {
        consumer.apply(EarlyMiddleware).forRoutes(Desk);
      }
    }

    const app = await start({ imports: [PageModule], futures: { scope: 'singleton' } });
    await app.get('/');
    expect(messages).toEqual([
      expect.stringContaining('The middleware EarlyMiddleware used FuturesService before pass 1'),
    ]);
  });

  it('says what to use in place of app.resolve(FuturesService)', async () => {
    const { app } = await start({});
    const futures = await app.resolve(FuturesService);
    const message = textOf(() => futures.result('x'));
    expect(message).toContain('was made for no request (app.resolve()');
    for (const way of ['@Futures()', "scope: 'singleton'", 'WorkerPool']) {
      expect(message).toContain(way);
    }
  });

  it.each([
    ['text', 'abc', '"abc"'],
    ['an object', { length: 1 }, 'an object'],
    ['a number', 5, '5'],
    ['a promise of text', Promise.resolve('abc'), '"abc"'],
  ])('"args" of @Future that returns %s is refused by name', async (_name, args, shown) => {
    @Controller()
    class Desk {
      @Get()
      page(@Future('k', { task: tasks.add, args: () => args as never }) value: unknown) {
        return value;
      }
    }

    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).status).toBe(500);
    expect(app.log.errors.join()).toContain(
      `@Future("k"): "args" must return an array of the task's arguments, or a promise of one, but returned ${shown}.`,
    );
  });
});

describe('Redis that does not answer', () => {
  it('is named with host and port, and a time in whole milliseconds', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const executor = bullmqExecutor({
      connection: { host: '127.0.0.1', port },
      queue: 'futures',
      redisTimeout: 150,
    });
    const [error] = await run(executor, call(tasks.add, [1, 2]));
    const { message } = error as Error;
    expect(message).toContain(`Redis at 127.0.0.1:${port} cannot be reached (`);
    expect(message).not.toMatch(/\d\.\d+ ms/);
    await executor.close({ timeout: 0 });
    server.close();
  });

  it.each([
    [{ host: 'redis.local', port: 6380 }, ' at redis.local:6380'],
    [{ port: 6380 }, ' at localhost:6380'],
    [{ host: 'redis.local' }, ' at redis.local:6379'],
    [{ path: '/run/redis.sock' }, ' at /run/redis.sock'],
    [{ url: 'redis://user:secret@redis.local:6380/2' }, ' at redis.local:6380'],
    [{ options: { host: 'a', port: 1 } }, ' at a:1'],
    [{}, ''],
  ])('%j is%s', (connection, expected) => {
    expect(addressOf(connection as never)).toBe(expected);
  });
});

describe("the compiler's message for a parameter of the wrong type", () => {
  it('names the types of the value and of the parameter', async () => {
    const root = fileURLToPath(new URL('../../', import.meta.url));
    const folder = await mkdtemp(join(root, 'build', 'types-'));
    await writeFile(
      join(folder, 'desk.ts'),
      `import { Future } from '../../dist/index.js';
       const task = (): string => 'text';
       export class Desk { page(@Future('k', { task }) value: number) { return value; } }`,
    );
    const options =
      '--ignoreConfig --noEmit --strict --experimentalDecorators --skipLibCheck --module nodenext';
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const args = [tsc, ...options.split(' '), '--target', 'es2022', join(folder, 'desk.ts')];
    const { stdout } = await promisify(execFile)(process.execPath, args).catch(
      (error: { stdout: string }) => error,
    );
    await rm(folder, { recursive: true });
    expect(stdout).toMatch(
      /'the value of the future': string;.*'does not fit a parameter of': number/,
    );
  }, 60_000);
});
