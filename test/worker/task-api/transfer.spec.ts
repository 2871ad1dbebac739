import { taskFile, TaskResultError } from '../../../src/index.js';
import { resolveOptions } from '../../../src/request/futures.options.js';
import { InlineExecutor } from '../../../src/executors/inline.executor.js';
import { ProcessExecutor } from '../../../src/executors/process.executor.js';
import { call, run, startThreads } from '../../support/executors.js';

const tasks = taskFile<typeof import('../../fixtures/transfer.tasks.js')>(
  new URL('../../fixtures/transfer.tasks.js', import.meta.url),
);

describe('transfer()', () => {
  it("moves the memory of a task's result to the request", async () => {
    const executor = startThreads({ max: 1 });
    expect(await run(executor, call(tasks.view, [3]))).toEqual([new Uint8Array([7, 7, 7])]);
    expect(await run(executor, call(tasks.bytesLeft, []))).toEqual([0]);
  });

  it('moves the parts that are named', async () => {
    const executor = startThreads({ max: 1 });
    expect(await run(executor, call(tasks.parts, [2]))).toEqual([
      { width: 2, pixels: new Float32Array([1.5, 1.5]) },
    ]);
    expect(await run(executor, call(tasks.bytesLeft, []))).toEqual([0]);
  });

  it('is required: without it, a result is copied', async () => {
    const executor = startThreads({ max: 1 });
    await run(executor, call(tasks.copied, [3]));
    expect(await run(executor, call(tasks.bytesLeft, []))).toEqual([3]);
  });

  it('fails only the call whose memory cannot be moved', async () => {
    const executor = startThreads({ max: 1 });
    const [twice, view] = await run(executor, call(tasks.twice, []), call(tasks.view, [1]));
    expect(twice).toBeInstanceOf(TaskResultError);
    expect((twice as Error).message).toMatch(/transfer\(\).*cannot be moved/);
    expect(view).toEqual(new Uint8Array([7]));
  });

  it('copies a value that shares its memory with others', async () => {
    const executor = startThreads({ max: 1 });
    const text = async () =>
      Buffer.from((await run(executor, call(tasks.pooled, [])))[0] as Uint8Array).toString();
    expect([await text(), await text()]).toEqual(['of the shared pool', 'of the shared pool']);
  });

  it.each([
    ['noObject', /only an object has parts that can be moved, but the result is 1/],
    ['noMemory', /neither an ArrayBuffer nor a view of one. Name what of it is to be moved/],
  ] as const)('says how to fix a wrong use: %s', async (name, message) => {
    const [error] = await run(startThreads({ max: 1 }), call(tasks[name], []));
    expect(error).toMatchObject({ name: 'TypeError', message: expect.stringMatching(message) });
  });

  it('does nothing where nothing can be moved', async () => {
    const processes = new ProcessExecutor({ ...resolveOptions().processes, max: 1 });
    try {
      for (const executor of [processes, new InlineExecutor()]) {
        expect(await run(executor, call(tasks.view, [2]))).toEqual([new Uint8Array([7, 7])]);
        expect(await run(executor, call(tasks.bytesLeft, []))).toEqual([2]);
      }
    } finally {
      await processes.close({ timeout: 1_000 });
    }
  });
});
