import {
  FutureTimeoutError,
  FuturesArgumentError,
  FuturesOptionsError,
  WorkerPool,
} from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { desk, errorOf, recorder } from '../support/desk.js';
import { tasks } from '../support/tasks.js';
import { until } from '../support/wait.js';

onEachAdapter('cancel(), clear() and reset()', (start) => {
  it('return whether there was a future of their kind', async () => {
    const seen: Record<string, boolean[]> = {};
    const page = desk((futures) => {
      const drop = (label: string) => {
        const [a, b, c] = ['a', 'b', 'c'] as const;
        seen[label] = [futures.cancel(a), futures.clear(b), futures.reset(c)];
      };
      if (!futures.isReplay) {
        drop('missing');
        for (const key of ['a', 'b', 'c']) futures.submit(key, tasks.echo, key);
        drop('pending');
        for (const key of ['a', 'c']) futures.submit(key, tasks.echo, key);
      } else {
        drop('resolved');
        drop('dropped');
      }
      return {};
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).status).toBe(200);
    expect(seen).toEqual({
      missing: [false, false, false],
      pending: [true, false, true],
      resolved: [false, true, true],
      dropped: [false, false, false],
    });
  });

  it('publish the pass and run no task if the last pending future is dropped', async () => {
    const { calls, record } = recorder();
    const page = desk((futures) => {
      futures.submit('x', record, 'a');
      futures.submit('y', record, 'b');
      futures.cancel('x');
      futures.reset('y');
      return { pass: futures.pass };
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ pass: 1 });
    expect(calls).toEqual([]);
  });

  it('make room for another value under the key', async () => {
    const page = desk((futures) => {
      if (futures.pass === 1) futures.submit('x', tasks.add, 1, 2);
      if (futures.pass === 2) {
        futures.clear('x');
        futures.submit('x', tasks.add, 3, 4);
      }
      return { pass: futures.pass, x: futures.result('x', null) };
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ pass: 3, x: 7 });
  });
});

onEachAdapter('using()', (start) => {
  it('submits to another executor, and leaves the service unchanged', async () => {
    const page = desk((futures) => {
      const inline = futures.using({ executor: 'inline' });
      return {
        there: inline.resultOrSubmit('there', null, tasks.where)?.threadId,
        here: futures.resultOrSubmit('here', null, tasks.where)?.threadId,
        executors: futures.report().futures.map(({ key, executor }) => [key, executor]),
      };
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({
      there: 0,
      here: expect.any(Number),
      executors: [
        ['there', 'inline'],
        ['here', 'thread'],
      ],
    });
  });

  it('is the same service otherwise', async () => {
    const page = desk((futures) => {
      const other = futures.using({ timeout: 1000 });
      other.resultOrSubmit('x', 0, tasks.add, 1, 2);
      return { pass: other.pass, x: futures.result('x', null) };
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ pass: 2, x: 3 });
  });

  it('accumulates options, and later ones take precedence', async () => {
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const errors: unknown[] = [];
    const page = desk((futures) => {
      const hasty = futures
        .using({ executor: 'inline', timeout: 10_000 })
        .using({ executor: 'thread' })
        .using({ timeout: 20 });
      const ask = () => hasty.resultOrSubmit('x', 0, tasks.waitFor, flag);
      if (futures.isReplay) errors.push(errorOf(ask));
      return ask();
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).status).toBe(504);
    expect(errors[0]).toBeInstanceOf(FutureTimeoutError);
    expect(errors[0]).toMatchObject({ phase: 'run', limit: 20, key: 'x', task: 'basic.waitFor' });
  });

  it('limits the wait in the queue', async () => {
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const errors: unknown[] = [];
    const page = desk((futures) => {
      futures.resultOrSubmit('busy', 0, tasks.waitFor, flag);
      const hasty = futures.using({ queueTimeout: 20 });
      const ask = () => hasty.resultOrSubmit('late', 0, tasks.add, 1, 2);
      if (futures.isReplay) errors.push(errorOf(ask));
      return ask();
    });
    const app = await start({ controllers: [page], futures: { threads: { max: 1 } } });
    const answer = app.get('/');
    // The first task holds the only thread until the second one is out of time.
    const pool = app.app.get(WorkerPool);
    await until('the second task to fail', () => pool.stats()['thread']?.failed === 1);
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
    expect((await answer).status).toBe(504);
    expect(errors[0]).toBeInstanceOf(FutureTimeoutError);
    expect(errors[0]).toMatchObject({ phase: 'queue', limit: 20, key: 'late', task: 'basic.add' });
  });

  it('moves the memory in the transfer list', async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const page = desk((futures) => {
      if (futures.isReplay) return { there: futures.result<Uint8Array>('x').length };
      return futures.using({ transferList: [bytes.buffer] }).submit('x', tasks.echo, bytes);
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ there: 3 });
    expect(bytes).toHaveLength(0);
  });

  it('refuses an unknown executor, and options out of range', async () => {
    const errors: unknown[] = [];
    const page = desk((futures) => {
      const attempts = [
        () => futures.using({ executor: 'fleet' }).submit('x', tasks.add, 1, 2),
        () => futures.using({ executor: 'thread' }).submit('x', () => 1),
        () => futures.using({ timeout: 0 }),
        () => futures.using({ queueTimeout: Number.NaN }),
        () => futures.using({ transferList: null as never }),
        () => futures.using(null as never),
      ];
      errors.push(...attempts.map(errorOf));
      return {};
    });
    const app = await start({ controllers: [page] });
    await app.get('/');
    expect(errors.map((error) => (error as Error).constructor)).toEqual([
      FuturesArgumentError,
      FuturesArgumentError,
      FuturesOptionsError,
      FuturesOptionsError,
      FuturesOptionsError,
      FuturesArgumentError,
    ]);
    expect(errors.map(String).join('\n')).toMatch(
      /no executor "fleet".*thread.*plain function.*"thread".*"timeout".*0.*"queueTimeout".*NaN.*"transferList".*null.*using\(\).*null/s,
    );
  });
});
