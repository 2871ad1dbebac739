import { isDeepStrictEqual } from 'node:util';
import { taskFile, TaskArgumentError, TaskResultError, type Outcome } from '../../src/index.js';
import { tasks } from '../support/tasks.js';
import { call, latches, Latch, run, startThreads } from '../support/executors.js';

const data = taskFile<typeof import('../fixtures/data.tasks.js')>(
  new URL('../fixtures/data.tasks.js', import.meta.url),
);

describe('thread executor', () => {
  it('returns the outcomes in the order of the calls', async () => {
    const numbers = Array.from({ length: 40 }, (_, i) => i);
    const values = await run(startThreads(), ...numbers.map((i) => call(tasks.add, [i, i])));
    expect(values).toEqual(numbers.map((i) => i + i));
  });

  it('settles an empty batch', async () => {
    expect(await run(startThreads())).toEqual([]);
  });

  it('reports for each call where it ran and for how long', async () => {
    const [outcome] = (await startThreads().run([call(tasks.where, [])])) as [Outcome];
    const { threadId } = outcome.value as { threadId: number };
    expect(outcome).toEqual({
      status: 'resolved',
      value: { pid: process.pid, threadId },
      worker: `thread ${threadId}`,
      wait: expect.any(Number),
      run: expect.any(Number),
    });
    expect(outcome.wait).toBeGreaterThanOrEqual(0);
    expect(outcome.run).toBeGreaterThanOrEqual(0);
  });

  it('runs the calls of a batch in parallel, off the main thread', async () => {
    const latch = new Latch();
    const executor = startThreads({ max: 3 });
    const hold = call(latches.hold, [latch.cells]);
    const running = run(executor, hold, hold, hold);
    await latch.reached(3);
    latch.open();
    const threads = new Set(await running);
    expect(threads.size).toBe(3);
    expect(threads).not.toContain(0);
  });

  it('awaits the promise of an async task, and any thenable', async () => {
    const calls = [call(tasks.greet, ['Ada']), call(data.thenable, [])];
    expect(await run(startThreads(), ...calls)).toEqual(['Hello, Ada', 'settled']);
  });

  describe('clones', () => {
    const shared = { name: 'shared' };
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const values: [string, unknown][] = [
      [
        'a Map',
        new Map<unknown, unknown>([
          ['a', 1],
          [{ b: 2 }, new Set([3])],
        ]),
      ],
      ['a Set', new Set(['a', 1, null])],
      ['a Date', new Date(0)],
      ['a RegExp', /a+b/giu],
      ['a typed array', new Float64Array([1.5, Number.NaN, -0])],
      ['a view of a part of a buffer', new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
      ['a DataView', new DataView(new ArrayBuffer(2))],
      ['an ArrayBuffer', new Uint8Array([7, 8]).buffer],
      ['a BigInt', 2n ** 70n],
      ['undefined', undefined],
      ['null', null],
      ['NaN', Number.NaN],
      ['minus zero', -0],
      ['an object with an undefined property', { a: undefined }],
      ['a sparse array', [1, , 3]], // oxlint-disable-line no-sparse-arrays -- that is what is tested
      ['a value that stands in two places', [shared, shared]],
      ['a circular value', circular],
      ['an error', new RangeError('kept as a value')],
    ];

    it.each(values)('%s, both ways', async (_name, value) => {
      const executor = startThreads({ max: 1 });
      const [name, echoed] = await run(
        executor,
        call(data.nameOf, [value]),
        call(tasks.echo, [value]),
      );
      expect(name).toBe(Object.prototype.toString.call(value));
      // Clones are of Node's own realm, and the test is not.
      expect(isDeepStrictEqual(structuredClone(echoed), structuredClone(value))).toBe(true);
    });

    it('a value once if it occurs in two places', async () => {
      const [both] = (await run(startThreads(), call(tasks.echo, [[shared, shared]]))) as [
        object[],
      ];
      expect(both[0]).toBe(both[1]);
    });
  });

  it('shares a SharedArrayBuffer instead of copying it', async () => {
    const cells = new Int32Array(new SharedArrayBuffer(8));
    Atomics.store(cells, 1, 1);
    await run(startThreads(), call(latches.hold, [cells]));
    expect(cells[0]).toBe(1);
  });

  it('names the argument that cannot be cloned, and fails only its call', async () => {
    const user = { name: 'Ada', save: () => {} };
    const values = await run(
      startThreads({ max: 1 }),
      call(tasks.add, [1, 2]),
      call(tasks.echo, [{ users: [user] }], { key: 'user' }),
      call(tasks.add, [3, 4]),
    );
    expect(values).toEqual([3, expect.any(TaskArgumentError), 7]);
    expect(values[1]).toMatchObject({
      code: 'ERR_FUTURES_TASK_ARGUMENT',
      key: 'user',
      task: 'basic.echo',
      path: 'args[0].users[0].save',
      message: expect.stringContaining('args[0].users[0].save is the function save'),
    });
  });

  it('names the argument whose getter throws', async () => {
    const row = {
      get total(): number {
        throw new RangeError('no total');
      },
    };
    const [error] = await run(startThreads(), call(tasks.echo, [[row]]));
    expect(error).toBeInstanceOf(TaskArgumentError);
    expect(error).toMatchObject({ path: 'args[0][0].total' });
  });

  it('names the part of a result that cannot be cloned, and fails only its call', async () => {
    const executor = startThreads({ max: 1 });
    const [before] = await run(executor, call(tasks.where, []));
    const values = await run(
      executor,
      call(tasks.add, [1, 2]),
      call(tasks.uncloneable, [], { key: 'rows' }),
      call(tasks.add, [3, 4]),
      call(data.aFunction, []),
      call(data.nested, []),
      call(data.withThrowingGetter, []),
      // The worker has survived.
      call(tasks.where, []),
    );
    expect(values).toEqual([
      3,
      expect.any(TaskResultError),
      7,
      expect.any(TaskResultError),
      expect.any(TaskResultError),
      expect.any(TaskResultError),
      before,
    ]);
    expect(values[1]).toMatchObject({
      code: 'ERR_FUTURES_TASK_RESULT',
      key: 'rows',
      task: 'basic.uncloneable',
      path: 'result.rows[1].render',
      message: expect.stringContaining('the function render'),
    });
    expect(values[3]).toMatchObject({ path: 'result' });
    expect(values[4]).toMatchObject({ path: 'result.get("charts").values()[…]["on-click"]' });
    expect(values[5]).toMatchObject({ path: 'result.rows[0].total' });
  });

  it('moves what the transfer list names', async () => {
    const buffer = new ArrayBuffer(1_000);
    const move = call(data.sizeOf, [buffer], { transferList: [buffer] });
    expect(await run(startThreads(), move)).toEqual([1_000]);
    expect(buffer.byteLength).toBe(0);
  });

  it('fails only the call whose transfer list cannot be moved', async () => {
    const executor = startThreads({ max: 1 });
    for (let i = 0; i < 25; i++) await run(executor, call(data.sizeOf, [new ArrayBuffer(1)]));
    const buffer = new ArrayBuffer(10);
    const values = await run(
      executor,
      call(data.sizeOf, [new ArrayBuffer(2)]),
      call(data.sizeOf, [buffer], { transferList: [buffer, buffer] }),
      call(data.sizeOf, [new ArrayBuffer(3)]),
    );
    expect(values).toEqual([2, expect.any(TaskArgumentError), 3]);
    expect(values[1]).toMatchObject({ path: 'transferList' });
  });
});
