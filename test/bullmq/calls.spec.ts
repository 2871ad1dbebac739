import { isDeepStrictEqual } from 'node:util';
import { Redis } from 'ioredis';
import {
  TaskArgumentError,
  TaskResultError,
  UnknownTaskError,
  BrokenExecutorError,
  isFuturesException,
  taskFile,
  type Outcome,
} from '../../src/index.js';
import { call, run } from '../support/executors.js';
import { describeWith } from '../support/services.js';
import { goneTaskFile, tasks } from '../support/tasks.js';
import {
  fleet,
  redisService,
  startExecutor,
  startWorker,
  testQueue,
  type TestQueue,
  type TestWorker,
} from './support.js';

const data = taskFile<typeof import('../fixtures/data.tasks.js')>(
  new URL('../fixtures/data.tasks.js', import.meta.url),
);

describeWith(redisService, 'calls through the queue', () => {
  let queue: TestQueue;
  let worker: TestWorker;

  beforeAll(async () => {
    queue = testQueue();
    const files = ['basic', 'data', 'fleet'].map((name) => `./${name}.tasks.js`);
    worker = await startWorker(queue, { files, maxSize: 100_000 });
  });

  it('return outcomes in the order of the calls, whatever jobs carry them', async () => {
    const executor = startExecutor(queue);
    const numbers = Array.from({ length: 40 }, (_, i) => i);
    for (let batch = 0; batch < 3; batch++) {
      const values = await run(executor, ...numbers.map((i) => call(tasks.add, [i, i])));
      expect(values).toEqual(numbers.map((i) => i + i));
    }
    expect(await run(executor)).toEqual([]);
    expect(worker.log()).toBe('');
  });

  it('report where they ran and for how long', async () => {
    const [outcome] = (await startExecutor(queue).run([call(tasks.where, [])])) as [Outcome];
    const { pid, threadId } = outcome.value as { pid: number; threadId: number };
    expect(pid).toBe(worker.pid);
    expect(outcome).toMatchObject({
      status: 'resolved',
      worker: expect.stringMatching(`/${pid} thread ${threadId}$`),
    });
    expect(outcome.wait).toBeGreaterThanOrEqual(0);
    expect(outcome.run).toBeGreaterThan(0);
  });

  describe('keep what structured clone keeps:', () => {
    const shared = { name: 'shared' };
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const values: [string, unknown][] = [
      ['a Map in a Map', new Map<unknown, unknown>([[{ b: 2 }, new Map([[1, new Set([3])]])]])],
      ['a Date', new Date(0)],
      ['a RegExp', /a+b/giu],
      ['a typed array', new Float64Array([1.5, Number.NaN, -0])],
      ['a view of a part of a buffer', new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
      ['an ArrayBuffer', new Uint8Array([7, 8]).buffer],
      ['a BigInt', 2n ** 70n],
      ['undefined', undefined],
      ['minus zero', -0],
      ['an object with an undefined property', { a: undefined }],
      ['a value that stands in two places', [shared, shared]],
      ['a circular value', circular],
      ['an error', new RangeError('kept as a value')],
      ['text beyond ASCII', 'Grüße, 世界 \u0000 \ud800'],
    ];

    it.each(values)('%s, both ways', async (_name, value) => {
      const [name, echoed] = await run(
        startExecutor(queue),
        call(data.nameOf, [value]),
        call(tasks.echo, [value]),
      );
      expect(name).toBe(Object.prototype.toString.call(value));
      // What comes back is of Node's own realm, and the test is not.
      expect(
        isDeepStrictEqual(echoed, structuredClone(value)) || isDeepStrictEqual(echoed, value),
      ).toBe(true);
    });

    it('Buffers, at any depth, as Buffers with memory of their own', async () => {
      const rows = [Buffer.from('PNG'), { image: Buffer.alloc(9_000, 7) }] as const;
      const [name, echoed] = (await run(
        startExecutor(queue),
        call(data.nameOf, [rows[0]]),
        call(tasks.echo, [rows]),
      )) as [string, typeof rows];
      expect(name).toBe('[object Uint8Array]');
      expect(Buffer.isBuffer(echoed[0])).toBe(true);
      expect(echoed[0].toString()).toBe('PNG');
      expect(echoed[0].buffer.byteLength).toBe(3);
      expect(echoed[1].image.equals(rows[1].image)).toBe(true);
    });
  });

  it('fail with the same errors as in threads', async () => {
    const [own, http, both, text] = await run(
      startExecutor(queue),
      call(tasks.fail, ['no paper']),
      call(tasks.notFound, ['chart']),
      call(tasks.failTwice, []),
      call(tasks.throwText, []),
    );
    expect(own).toMatchObject({
      name: 'OutOfPaperError',
      message: 'no paper',
      code: 'E_PAPER',
      tray: 2,
      cause: { name: 'TypeError', message: 'jam' },
      stack: expect.stringContaining('basic.tasks.js'),
    });
    expect(isFuturesException(own)).toBe(false);
    expect(http).toMatchObject({ name: 'NotFoundException', status: 404 });
    expect(both).toMatchObject({ errors: [{ message: 'one' }, { name: 'TypeError' }] });
    expect(text).toBe('just text');
  });

  it("restore the class, key and task of this module's errors", async () => {
    const [exited] = await run(startExecutor(queue), call(tasks.exit, [], { key: 'page' }));
    expect(exited).toBeInstanceOf(BrokenExecutorError);
    expect(isFuturesException(exited)).toBe(true);
    expect(exited).toMatchObject({
      name: 'BrokenExecutorError',
      code: 'ERR_FUTURES_BROKEN_EXECUTOR',
      key: 'page',
      task: 'basic.exit',
    });
  });

  it('report their errors if none of them can be sent', async () => {
    const { signal } = new AbortController();
    const unsendable = call(tasks.echo, [() => {}], { key: 'user' });
    const outcomes = await startExecutor(queue).run([unsendable, unsendable], { signal });
    for (const { value } of outcomes) expect(value).toBeInstanceOf(TaskArgumentError);
    expect(outcomes).toHaveLength(2);
  });

  it('fail alone if an argument or a result cannot be cloned, and name it', async () => {
    const values = await run(
      startExecutor(queue),
      call(tasks.add, [1, 2]),
      call(tasks.echo, [{ user: { save: () => {} } }], { key: 'user' }),
      call(tasks.uncloneable, []),
      call(data.withThrowingGetter, []),
      call(tasks.echo, [new SharedArrayBuffer(8)]),
    );
    expect(values[0]).toBe(3);
    expect(values[1]).toBeInstanceOf(TaskArgumentError);
    expect(values[1]).toMatchObject({ path: 'args[0].user.save', key: 'user' });
    expect(values[2]).toBeInstanceOf(TaskResultError);
    expect(values[2]).toMatchObject({ path: 'result.rows[1].render', task: 'basic.uncloneable' });
    expect(values[3]).toMatchObject({ path: 'result.rows[0].total' });
    expect(values[4]).toBeInstanceOf(TaskArgumentError);
  });

  it('fail alone if arguments, a result or an error is larger than the limit', async () => {
    const values = await run(
      startExecutor(queue, { maxSize: 50_000 }),
      call(fleet.text, [10_000]),
      call(tasks.echo, ['x'.repeat(60_000)], { key: 'text' }),
      call(fleet.text, [200_000]),
      call(tasks.fail, ['x'.repeat(40_000)]),
    );
    expect(values[0]).toBe('x'.repeat(10_000));
    expect(values[1]).toBeInstanceOf(TaskArgumentError);
    expect(values[1]).toMatchObject({ path: 'args', key: 'text', task: 'basic.echo' });
    expect((values[1] as Error).message).toMatch(
      /args is of 6\d{4} bytes, more than the queue takes \("maxSize": 50000\)/,
    );
    expect(values[2]).toBeInstanceOf(TaskResultError);
    expect((values[2] as Error).message).toMatch(
      /result is of 20\d{4} bytes, more than the queue takes \("maxSize": 100000\)/,
    );
    expect((values[3] as Error).message).toHaveLength(40_000);
  });

  it('list what the worker has if it does not have the task', async () => {
    const elsewhere = goneTaskFile<{ run(): void }>('elsewhere.tasks.js');
    const basic = goneTaskFile<{ nothing(): void }>('basic.tasks.js');
    const [file, task] = await run(
      startExecutor(queue),
      call(elsewhere.run, [], { key: 'x' }),
      call(basic.nothing, []),
    );
    expect(file).toBeInstanceOf(UnknownTaskError);
    expect(file).toMatchObject({ key: 'x', task: 'elsewhere.run' });
    expect((file as Error).message).toContain('it has: basic, data, fleet');
    expect(task).toBeInstanceOf(UnknownTaskError);
    expect((task as Error).message).toContain('its functions are: add, echo');
  });

  it('use the client of the app, which stays open', async () => {
    const client = new Redis({ ...queue.connection, maxRetriesPerRequest: null });
    const executor = startExecutor(queue, { connection: client });
    expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([3]);
    await executor.close({ timeout: 1_000 });
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  it('are counted in the stats', async () => {
    const executor = startExecutor(queue);
    const none = { p50: 0, p95: 0, p99: 0 };
    expect(executor.stats()).toEqual({
      workers: 0,
      queued: 0,
      running: 0,
      resolved: 0,
      failed: 0,
      timedOut: 0,
      refused: 0,
      cancelled: 0,
      broken: 0,
      wait: none,
      run: none,
      tasks: {},
    });
    const running = run(executor, call(tasks.add, [1, 2]), call(tasks.fail, ['x']));
    expect(executor.stats()).toMatchObject({ queued: 0 });
    await running;
    const { wait, run: ran, ...counts } = executor.stats();
    expect(Object.keys(counts.tasks ?? {}).toSorted()).toEqual(['basic.add', 'basic.fail']);
    expect(counts).toMatchObject({ workers: 1, queued: 0, running: 0, resolved: 1, failed: 1 });
    expect(wait?.p99).toBeGreaterThan(0);
    expect(ran?.p99).toBeGreaterThan(0);
  });
});
