import type { HttpException } from '@nestjs/common';
import { ProcessExecutor } from '../../src/executors/process.executor.js';
import { TaskArgumentError, TaskResultError, taskFile, type Executor } from '../../src/index.js';
import { resolveOptions } from '../../src/request/futures.options.js';
import { ThreadExecutor } from '../../src/executors/thread.executor.js';
import { tasks } from '../support/tasks.js';
import { call, run } from '../support/executors.js';

const odd = taskFile<typeof import('../fixtures/unreadable.tasks.js')>(
  new URL('../fixtures/unreadable.tasks.js', import.meta.url),
);

/** As many workers as requests that spoil one each. */
const WORKERS = 2;
const LIMITS = { maxArgumentBytes: 100_000, maxResultBytes: 100_000 };

const kinds: [string, () => Executor][] = [
  ['threads', () => new ThreadExecutor({ ...resolveOptions().threads, max: WORKERS }, LIMITS)],
  ['processes', () => new ProcessExecutor({ ...resolveOptions().processes, max: WORKERS }, LIMITS)],
];

function nested(depth: number): unknown {
  let value: unknown = {};
  for (let i = 0; i < depth; i++) value = { a: value };
  return value;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe.each(kinds)('in %s,', (_kind, start) => {
  let executor: Executor;

  beforeAll(() => (executor = start()));
  afterAll(() => executor.close({ timeout: 0 }));

  /** Fails unless each worker takes calls, and does them right. */
  async function expectWhole(): Promise<void> {
    const calls = Array.from({ length: 20 }, (_, i) => call(tasks.add, [i, 1]));
    expect(await run(executor, ...calls)).toEqual(calls.map((_, i) => i + 1));
  }

  describe('an argument that cannot be sent', () => {
    it.each<[string, unknown, string]>([
      ['nested 20 000 deep', nested(20_000), 'nested too deeply'],
      ['nested 20 000 deep, in a Map', new Map([['a', nested(20_000)]]), 'nested too deeply'],
      ['a revoked proxy', revoked(), 'args[0] is a proxy'],
      ['a revoked proxy, deep', { user: [revoked()] }, 'args[0].user[0] is a proxy'],
      [
        'a proxy that throws',
        new Proxy(
          {},
          {
            ownKeys() {
              throw new Error('no keys');
            },
          },
        ),
        'args[0] is a proxy',
      ],
      [
        'a getter that throws',
        {
          get total() {
            throw new Error('no total');
          },
        },
        'args[0].total is a getter that throws',
      ],
      [
        'a getter that throws null',
        {
          get total() {
            throw null; // oxlint-disable-line no-throw-literal -- that is what is tested
          },
        },
        'args[0].total is a getter that throws',
      ],
    ])('fails only its own call: %s', async (_name, value, message) => {
      const [before, error, after] = await run(
        executor,
        call(tasks.add, [1, 2]),
        call(odd.take, [value], { key: 'odd' }),
        call(tasks.add, [3, 4]),
      );
      expect([before, after]).toEqual([3, 7]);
      expect(error).toBeInstanceOf(TaskArgumentError);
      expect(error).toMatchObject({ key: 'odd', message: expect.stringContaining(message) });
    });

    it('arrives if both sides can read it', async () => {
      expect(await run(executor, call(odd.take, [nested(1_000)]))).toEqual(['object']);
    });

    it('may be an error that is its own cause, which only newer versions of Node read', async () => {
      const error = new Error('mine');
      error.cause = error;
      const [outcome] = await run(executor, call(odd.take, [[error, new Date()]]));
      // Node 22 and later can read it.
      if (outcome !== 'object') expect(outcome).toBeInstanceOf(TaskArgumentError);
      await expectWhole();
    });
  });

  describe('a result that cannot be read on this side', () => {
    it.each([
      ['nested 5 000 deep', () => call(odd.nest, [5_000])],
      ['nested 20 000 deep', () => call(odd.nest, [20_000])],
    ])('fails only its own call, and keeps its worker: %s', async (_name, callOf) => {
      const calls = Array.from({ length: 2 * WORKERS }, callOf);
      const values = await run(executor, ...calls, call(tasks.add, [1, 2]));
      expect(values).toEqual([...calls.map(() => expect.any(TaskResultError)), 3]);
      await expectWhole();
    });

    it('may be an error that is its own cause, which only newer versions of Node read', async () => {
      const [value] = await run(executor, call(odd.circularCause, []));
      const isRead = value instanceof TaskResultError || typeof value === 'object';
      expect(isRead).toBe(true);
      await expectWhole();
    });

    it('costs an error only the property that contains it', async () => {
      const [deep, circular] = await run(
        executor,
        call(odd.throwWithDeepProperty, [5_000]),
        call(odd.throwCircularCause, []),
      );
      expect(deep).toMatchObject({
        name: 'TypeError',
        message: 'with a deep property',
        code: 'E_DEEP',
      });
      expect(circular).toMatchObject({ name: 'Error', message: 'thrown' });
      await expectWhole();
    });
  });

  describe('more bytes than are allowed', () => {
    it.each([
      ['bytes', Buffer.alloc(100_001)],
      ['text', 'x'.repeat(100_001)],
      ['an object', [{ at: new Date(), text: 'x'.repeat(100_001) }]],
    ])('are refused as arguments: %s', async (_name, value) => {
      const [error] = await run(executor, call(odd.take, [value]));
      expect(error).toBeInstanceOf(TaskArgumentError);
      expect((error as Error).message).toContain('more than "maxArgumentBytes" (100000)');
    });

    it.each([
      ['bytes', () => call(odd.makeBuffer, [100_001])],
      ['plain data', () => call(odd.makeText, [100_001])],
    ])('are refused as a result: %s', async (_name, callOf) => {
      const [error, sum] = await run(executor, callOf(), call(tasks.add, [1, 2]));
      expect(error).toBeInstanceOf(TaskResultError);
      expect((error as Error).message).toContain('more than "maxResultBytes" (100000)');
      expect(sum).toBe(3);
    });

    it('do not cost an error its class and message', async () => {
      const [error] = await run(executor, call(odd.throwLarge, [100_001]));
      expect(error).toMatchObject({ name: 'RangeError', message: 'large' });
    });

    it('do not cost an HttpException its status and a response', async () => {
      const [small, large] = (await run(
        executor,
        call(odd.refuse, [10]),
        call(odd.refuse, [200_000]),
      )) as [HttpException, HttpException];
      expect(small.getResponse()).toEqual({ statusCode: 400, message: ['x'.repeat(10)] });
      expect([large.getStatus(), typeof large.getResponse()]).toEqual([400, 'string']);
    });

    it('are not found in a value that is just small enough', async () => {
      const [buffer, type] = await run(
        executor,
        call(odd.makeBuffer, [90_000]),
        call(odd.take, ['x'.repeat(90_000)]),
      );
      expect([(buffer as Buffer).length, type]).toEqual([90_000, 'string']);
    });
  });
});
