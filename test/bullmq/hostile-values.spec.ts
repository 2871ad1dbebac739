import { TaskArgumentError, isFuturesException, taskFile } from '../../src/index.js';
import { bullmqExecutor } from '../../src/bullmq/index.js';
import { call, run } from '../support/executors.js';
import { onEachAdapter } from '../support/app.js';
import { desk } from '../support/desk.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
import {
  redisService,
  startExecutor,
  startWorker,
  testQueue,
  type TestQueue,
  type TestWorker,
} from './support.js';
import { within } from '../support/wait.js';

const hostile = taskFile<typeof import('../fixtures/hostile.tasks.js')>(
  new URL('../fixtures/hostile.tasks.js', import.meta.url),
);

const FILES = { files: ['./basic.tasks.js', './hostile.tasks.js'] };

function nested(depth: number): unknown {
  let value: unknown = {};
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const throwing = (thrown: unknown) =>
  Object.defineProperty({}, 'value', {
    enumerable: true,
    get() {
      throw thrown;
    },
  });

const throwingProxy = (thrown: unknown) =>
  new Proxy(
    {},
    {
      ownKeys() {
        throw thrown;
      },
      get() {
        throw thrown;
      },
      getPrototypeOf() {
        throw thrown;
      },
    },
  );

const ARGUMENTS: [string, () => unknown][] = [
  ['nested 3,800 deep', () => nested(3_800)],
  ['nested 200,000 deep', () => nested(200_000)],
  ['a revoked proxy', revokedProxy],
  ['a revoked proxy within', () => ({ user: [revokedProxy()] })],
  ['a proxy that throws', () => throwingProxy(new Error('no'))],
  ['a proxy that throws null', () => throwingProxy(null)],
  ['a getter that throws', () => throwing(new Error('no'))],
  ['a getter that throws null', () => throwing(null)],
  ['a getter that throws a revoked proxy', () => throwing(revokedProxy())],
  ['a function', () => () => {}],
];

describeWith(redisService, 'an argument that cannot be serialized', () => {
  let queue: TestQueue;
  beforeAll(async () => {
    queue = testQueue();
    await startWorker(queue, FILES);
  });

  it.each(ARGUMENTS)('immediately fails its own call, and no other: %s', async (_what, make) => {
    const executor = startExecutor(queue);
    const values = await within(
      'all outcomes',
      run(
        executor,
        call(tasks.add, [1, 2]),
        call(tasks.echo, [make()], { key: 'x', timeout: 5_000 }),
        call(tasks.add, [3, 4]),
      ),
    );
    expect([values[0], values[2]]).toEqual([3, 7]);
    // What can be read at both ends is no fault.
    if (isFuturesException(values[1])) {
      expect(values[1]).toMatchObject({ key: 'x', task: 'basic.echo' });
    }
    if (_what !== 'nested 3,800 deep') expect(values[1]).toBeInstanceOf(TaskArgumentError);
    expect(await run(executor, call(tasks.add, [5, 6]))).toEqual([11]);
  });

  onEachAdapter('over HTTP', (start) => {
    it.each(['handler', 'request'] as const)(
      'is answered with 500 (replay: %s)',
      async (replay) => {
        const page = desk((futures) => {
          const proxy = futures.resultOrSubmit(
            'x',
            0,
            tasks.echo as (value: object) => number,
            revokedProxy(),
          );
          return { proxy };
        });
        const executors = { queue: bullmqExecutor(testQueue()) };
        const app = await start({
          controllers: [page],
          futures: { executor: 'queue', executors, replay },
        });
        expect((await within('an answer', app.get('/'))).status).toBe(500);
        expect(app.log.errors.join()).toContain('TaskArgumentError');
      },
    );
  });
});

describeWith(redisService, 'a result or an error that cannot be read', () => {
  const bad: [string, ReturnType<typeof call>][] = [
    ['a result nested 5,000 deep', call(hostile.deep, [5_000])],
    ['an error with a value nested 5,000 deep', call(hostile.throwDeep, [5_000])],
    ['an error with a circular cause in the result', call(hostile.circularError, [])],
    ['a thrown error with a circular cause', call(hostile.throwCircular, [])],
    ['a revoked proxy in the result', call(hostile.revoked, [])],
    ['a thrown revoked proxy', call(hostile.throwRevoked, [])],
    ['a thrown value without a text', call(hostile.throwUnprintable, [])],
    ['a getter that throws null', call(hostile.throwingGetter, [])],
  ];

  // One worker for all: none of them may leave something behind for the next.
  let queue: TestQueue;
  let worker: TestWorker;
  beforeAll(async () => {
    queue = testQueue();
    worker = await startWorker(queue, { ...FILES, threads: { max: 1 } });
  });

  it.each(bad)(
    'immediately fails its own call, and no other: %s',
    async (_what, each) => {
      const [one, two] = [startExecutor(queue), startExecutor(queue)];
      for (let i = 0; i < 3; i++) {
        const [outcome] = await within('an outcome', one.run([{ ...each, timeout: 4_000 }]));
        expect(outcome).toBeDefined();
        if (!_what.includes('nested')) expect(outcome).toMatchObject({ status: 'failed' });
      }
      expect(await within('an answer', run(two, call(tasks.add, [1, 2])))).toEqual([3]);
      expect(worker.process.exitCode).toBeNull();
    },
    40_000,
  );
});
