import { threadId } from 'node:worker_threads';
import {
  ExecutorSaturatedError,
  FutureCancelledError,
  FutureTimeoutError,
  taskFile,
  UnknownTaskError,
} from '../../src/index.js';
import { InlineExecutor } from '../../src/executors/inline.executor.js';
import { goneTaskFile, tasks } from '../support/tasks.js';
import { call, run, valuesOf } from '../support/executors.js';

function spin(): void {
  const end = performance.now() + 20;
  while (performance.now() < end);
}

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout');

describe('inline executor', () => {
  const executor = new InlineExecutor();

  it('runs closures on the event loop, and returns their values unchanged', async () => {
    const value = { method: () => 'kept' };
    expect(
      await run(
        executor,
        call(() => value, []),
      ),
    ).toEqual([value]);
    const [outcome] = await executor.run([call(() => value, [])]);
    expect(outcome?.value).toBe(value);
    expect(outcome).toEqual({
      status: 'resolved',
      value,
      worker: 'event loop',
      wait: 0,
      run: expect.any(Number),
    });
  });

  it('passes the arguments unchanged', async () => {
    const argument = { save() {} };
    const [same] = await run(
      executor,
      call((given: object) => given === argument, [argument]),
    );
    expect(same).toBe(true);
  });

  it('calls a function without a receiver, as a worker does', async () => {
    const [receiver] = await run(
      executor,
      call(function (this: unknown) {
        return this;
      }, []),
    );
    expect(receiver).toBeUndefined();
  });

  it('runs all calls of a batch concurrently, and keeps their order', async () => {
    const order: string[] = [];
    let release!: () => void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const values = await run(
      executor,
      call(async () => (await gate, order.push('first'), 1), []),
      call(async () => (release(), order.push('second'), 2), []),
    );
    expect(values).toEqual([1, 2]);
    expect(order).toEqual(['second', 'first']);
  });

  it('returns the original error, thrown or rejected, and fails only that call', async () => {
    const [thrown, rejected] = [new TypeError('thrown'), new RangeError('rejected')];
    const outcomes = await executor.run([
      call(() => {
        throw thrown;
      }, []),
      call(() => 'fine', []),
      call(() => Promise.reject(rejected), []),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['failed', 'resolved', 'failed']);
    expect(valuesOf(outcomes)).toEqual([thrown, 'fine', rejected]);
    expect(outcomes[0]?.value).toBe(thrown);
    expect(outcomes[2]?.value).toBe(rejected);
  });

  it('runs the functions of a task file on the event loop', async () => {
    const values = await run(executor, call(tasks.where, []), call(tasks.greet, ['Ada']));
    expect(values).toEqual([{ pid: process.pid, threadId }, 'Hello, Ada']);
  });

  it('loads task files by the given function, and finds what a test puts in their place', async () => {
    const urls: string[] = [];
    const module = { add: (a: number, b: number) => a * b };
    const own = new InlineExecutor({
      import: (url) => {
        urls.push(url);
        return Promise.resolve(module);
      },
    });
    expect(await run(own, call(tasks.add, [3, 4]))).toEqual([12]);
    module.add = () => 5;
    expect(await run(own, call(tasks.add, [3, 4]))).toEqual([5]);
    expect(new Set(urls)).toEqual(
      new Set([new URL('../fixtures/basic.tasks.js', import.meta.url).href]),
    );
  });

  it('tells why the given function cannot load a task file', async () => {
    const failing = new InlineExecutor({
      import: () => Promise.reject(new Error('not in the mood')),
    });
    const empty = new InlineExecutor({ import: () => undefined });
    const [cannot] = await run(failing, call(tasks.add, [3, 4]));
    const [lacks] = await run(empty, call(tasks.add, [3, 4]));
    expect(cannot).toBeInstanceOf(UnknownTaskError);
    expect(cannot).toMatchObject({ message: expect.stringContaining('not in the mood') });
    expect(lacks).toMatchObject({ message: expect.stringContaining('exports no function "add"') });
  });

  it('names the file and the export of a missing task', async () => {
    const url = new URL('../fixtures/basic.tasks.js', import.meta.url);
    const { renderRepotr } = taskFile<{ renderRepotr(): void }>(url);
    const { lost } = goneTaskFile<{ lost(): void }>('missing.tasks.js');
    const values = await run(
      executor,
      call(renderRepotr, [], { key: 'report' }),
      call(lost, []),
      call(tasks.add, [1, 2]),
    );
    expect(values).toEqual([expect.any(UnknownTaskError), expect.any(UnknownTaskError), 3]);
    expect(values[0]).toMatchObject({
      key: 'report',
      task: 'basic.renderRepotr',
      message: expect.stringContaining('"renderRepotr"'),
    });
    expect(values[1]).toMatchObject({ message: expect.stringContaining('missing.tasks.js') });
  });

  it('gives up a task that times out, whatever becomes of it', async () => {
    let fail!: (error: Error) => void;
    const never = () => new Promise((_resolve, reject) => (fail = reject));
    const values = await run(
      executor,
      call(never, [], { timeout: 20, key: 'slow' }),
      call(() => 'fine', []),
    );
    expect(values).toEqual([expect.any(FutureTimeoutError), 'fine']);
    expect(values[0]).toMatchObject({ phase: 'run', limit: 20, key: 'slow', task: 'never' });
    // Nobody waits for it: this must not be an unhandled rejection.
    fail(new Error('too late'));
    await new Promise(setImmediate);
  });

  it('gives up running calls when the client goes away, and then starts no more', async () => {
    const client = new AbortController();
    const running = executor.run([call(() => new Promise(() => {}), [], { key: 'page' })], client);
    client.abort();
    const [error] = valuesOf(await running);
    expect(error).toBeInstanceOf(FutureCancelledError);
    expect(error).toMatchObject({ key: 'page' });

    let runs = 0;
    const late = await executor.run([call(() => runs++, [])], client);
    expect(valuesOf(late)).toEqual([expect.any(FutureCancelledError)]);
    expect(runs).toBe(0);
  });

  it('adds one listener to the signal, whatever the number of calls, and removes it', async () => {
    const client = new AbortController();
    const [add, remove] = ['addEventListener', 'removeEventListener'].map((name) => {
      const calls: unknown[] = [];
      const method = client.signal[name as 'addEventListener'].bind(client.signal);
      Object.assign(client.signal, {
        [name]: (...args: Parameters<typeof method>) => {
          calls.push(args[1]);
          method(...args);
        },
      });
      return calls;
    });
    await executor.run(
      Array.from({ length: 20 }, (_, i) => call(() => i, [])),
      client,
    );
    expect(add).toHaveLength(1);
    expect(remove).toEqual(add);
  });

  it('counts the time during which a task blocks the event loop', async () => {
    const [outcome] = await executor.run([call(spin, [])]);
    expect(outcome?.run).toBeGreaterThanOrEqual(20);
  });

  it('leaves no timer behind', async () => {
    const before = timers();
    await executor.run([call(() => 1, []), call(() => Promise.reject(new Error('x')), [])]);
    expect(timers()).toEqual(before);
  });

  it('reports what it is doing and what it has done', async () => {
    const own = new InlineExecutor();
    let release!: () => void;
    const running = own.run([
      call(() => new Promise<void>((resolve) => (release = resolve)), []),
      call(() => Promise.reject(new Error('x')), []),
    ]);
    expect(own.stats()).toMatchObject({
      workers: 0,
      queued: 0,
      running: 2,
      resolved: 0,
      failed: 0,
    });
    await Promise.resolve();
    release();
    await running;
    expect(own.stats()).toMatchObject({
      workers: 0,
      queued: 0,
      running: 0,
      resolved: 1,
      failed: 1,
    });
  });

  describe('when it is closed', () => {
    it('finishes running calls', async () => {
      const own = new InlineExecutor();
      let release!: () => void;
      const running = run(
        own,
        call(() => new Promise((resolve) => (release = () => resolve(1))), []),
      );
      await Promise.resolve();
      const closed = own.close({ timeout: 10_000 });
      release();
      expect(await running).toEqual([1]);
      await closed;
    });

    it('gives up calls that do not end in time', async () => {
      const own = new InlineExecutor();
      const running = run(
        own,
        call(() => new Promise(() => {}), [], { key: 'k' }),
      );
      await own.close({ timeout: 10 });
      const [error] = await running;
      expect(error).toBeInstanceOf(ExecutorSaturatedError);
      expect(error).toMatchObject({ key: 'k' });
    });
  });
});
