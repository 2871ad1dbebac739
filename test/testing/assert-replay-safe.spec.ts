import { FuturesService, ReplayLimitError, ReplayUnsafeError } from '../../src/index.js';
import { assertReplaySafe } from '../../src/testing/index.js';
import { tasks } from '../support/tasks.js';

describe('assertReplaySafe', () => {
  it('returns the result of a safe handler', async () => {
    const chain = (futures: FuturesService) => {
      const first = futures.resultOrSubmit('first', 0, tasks.add, 1, 2);
      futures.barrier();
      return { sum: futures.resultOrSubmit('second', 0, tasks.add, first, 10) };
    };
    await expect(assertReplaySafe(chain)).resolves.toEqual({ sum: 13 });
  });

  it('uses given results instead of running tasks', async () => {
    const page = (futures: FuturesService) => futures.resultOrSubmit('x', '', tasks.fail, 'never');
    await expect(assertReplaySafe(page, { results: { x: 'given' } })).resolves.toBe('given');
  });

  it('takes a given result instead of running a plain function', async () => {
    const page = (futures: FuturesService) =>
      futures.resultOrSubmit('x', '', () => {
        throw new Error('never');
      });
    await expect(assertReplaySafe(page, { results: { x: 'given' } })).resolves.toBe('given');
  });

  it('needs none of the executors that the app has', async () => {
    const page = (futures: FuturesService) =>
      futures.using({ executor: 'fleet' }).resultOrSubmit('x', 0, tasks.add, 1, 2);
    await expect(assertReplaySafe(page)).resolves.toBe(3);
  });

  it('finds a key that changes from pass to pass', async () => {
    let n = 0;
    const page = (futures: FuturesService) => {
      futures.resultOrSubmit('fixed', 0, tasks.add, 1, 1);
      return futures.result(`random ${futures.pass === 1 ? 0 : n++}`, 0);
    };
    await expect(assertReplaySafe(page)).rejects.toThrow(
      'page is not safe to replay: the key "random 0" was asked for once, and "random 1" instead of it',
    );
  });

  it('finds keys that never settle', async () => {
    let n = 0;
    const page = (futures: FuturesService) => futures.resultOrSubmit(`k${n++}`, 0, tasks.add, 1, 1);
    await expect(assertReplaySafe(page, { maxPasses: 3 })).rejects.toThrow(ReplayLimitError);
  });

  it('finds arguments that differ, and names the path', async () => {
    let now = 0;
    const page = (futures: FuturesService) =>
      futures.resultOrSubmit('x', null, tasks.echo, { at: { ms: now++ } });
    await expect(assertReplaySafe(page)).rejects.toThrow(
      'the key "x" was computed with other arguments than it is asked for with in the end: args[0].at.ms: 0, then 1',
    );
  });

  it('settles a future that was computed from a placeholder', async () => {
    const page = (futures: FuturesService) => {
      const first = futures.resultOrSubmit('first', 0, tasks.add, 1, 2);
      return futures.resultOrSubmit('second', 0, tasks.add, first, 10);
    };
    expect(await assertReplaySafe(page)).toBe(13);
  });

  it('finds a value that was computed from other arguments than requested', async () => {
    let asked = 0;
    const page = (futures: FuturesService) =>
      futures.resultOrSubmit('count', 0, tasks.add, ++asked, 10);
    await expect(assertReplaySafe(page)).rejects.toThrow(
      'the key "count" was computed with other arguments than it is asked for with in the end: args[0]: 1, then 2',
    );
  });

  it('finds a placeholder that outlives its pass', async () => {
    let memo: unknown;
    const page = (futures: FuturesService) =>
      (memo ??= futures.resultOrSubmit('total', 'PLACEHOLDER', tasks.echo, 42));
    await expect(assertReplaySafe(page)).rejects.toThrow(
      'the key "total" was given its placeholder in pass 1, and was not asked for in the pass that is published',
    );
  });

  it('finds a result that depends on state kept between passes', async () => {
    const rows: number[] = [];
    const page = (futures: FuturesService) => {
      rows.push(futures.resultOrSubmit('x', 0, tasks.add, 1, 1));
      return { rows: [...rows] };
    };
    await expect(assertReplaySafe(page)).rejects.toThrow(ReplayUnsafeError);
    await expect(assertReplaySafe(page)).rejects.toThrow('the result differs at result.rows[');
  });

  it('fails with the error of the handler or of the task', async () => {
    await expect(
      assertReplaySafe((futures) => futures.resultOrSubmit('x', '', tasks.fail, 'no paper')),
    ).rejects.toThrow('no paper');
    await expect(
      assertReplaySafe(() => {
        throw new TypeError('broken');
      }),
    ).rejects.toThrow(TypeError);
  });
});
