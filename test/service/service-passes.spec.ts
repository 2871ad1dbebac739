import { EventEmitter, once } from 'node:events';
import { get } from 'node:http';
import { PassDiscardedError, type FuturesReport } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { desk } from '../support/desk.js';
import { tasks } from '../support/tasks.js';

onEachAdapter('barrier()', (start) => {
  it('lets nothing after it run before the last pass', async () => {
    const order: string[] = [];
    const page = desk((futures) => {
      order.push(`before ${futures.pass}`);
      const x = futures.resultOrSubmit('x', 0, tasks.add, 1, 2);
      futures.barrier();
      order.push(`after ${futures.pass}`);
      return { x };
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ x: 3 });
    expect(order).toEqual(['before 1', 'before 2', 'after 2']);
  });

  it('throws an error that names the pass, and does nothing if nothing is pending', async () => {
    const errors: unknown[] = [];
    const page = desk((futures) => {
      futures.barrier();
      futures.resultOrSubmit('x', 0, tasks.add, 1, 2);
      try {
        futures.barrier();
      } catch (error) {
        errors.push(error);
      }
      return {};
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).status).toBe(200);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(PassDiscardedError);
    expect(errors[0]).toMatchObject({ code: 'ERR_FUTURES_PASS_DISCARDED', pass: 1 });
    expect(app.log.errors).toEqual([]);
  });
});

onEachAdapter('publish()', (start) => {
  it('publishes the placeholder, and the task does not run', async () => {
    const calls: string[] = [];
    const page = desk((futures) => {
      calls.push('handler');
      const x = futures.resultOrSubmit('x', 'placeholder', () => calls.push('task'));
      futures.publish();
      return { x };
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ x: 'placeholder' });
    await app.close();
    expect(calls).toEqual(['handler']);
  });

  it('also applies to later submissions, and to later passes', async () => {
    const calls: string[] = [];
    const page = desk((futures) => {
      const x = futures.resultOrSubmit('x', 'placeholder', tasks.add, 1, 2);
      if (futures.isReplay) futures.publish();
      const y = futures.isReplay && futures.resultOrSubmit('y', '…', () => calls.push('task'));
      futures.barrier();
      return { x, y };
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ x: 3, y: '…' });
    await app.close();
    expect(calls).toEqual([]);
  });

  it('publishes an error too, and runs no hook of a discarded pass', async () => {
    const calls: string[] = [];
    const page = desk((futures) => {
      futures.onDiscard(() => calls.push('hook'));
      futures.submit('x', () => calls.push('task'));
      futures.publish();
      throw new Error('out of paper');
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).status).toBe(500);
    await app.close();
    expect(app.log.errors.join()).toContain('out of paper');
    expect(calls).toEqual([]);
  });
});

onEachAdapter('onDiscard()', (start) => {
  it('runs hooks in order, each awaited, before the tasks, and not for the last pass', async () => {
    const order: string[] = [];
    const page = desk((futures) => {
      const { pass } = futures;
      order.push(`pass ${pass}`);
      futures.onDiscard(async () => {
        order.push(`first ${pass}`);
        await new Promise(setImmediate);
        order.push(`first ${pass} done`);
      });
      futures.onDiscard(() => order.push(`second ${pass}`));
      const x = futures.resultOrSubmit('x', 0, () => order.push('task x'));
      if (x > 0) futures.resultOrSubmit('y', 0, () => order.push('task y'));
      return {};
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).status).toBe(200);
    expect(order.join(', ')).toBe(
      'pass 1, first 1, first 1 done, second 1, task x, ' +
        'pass 2, first 2, first 2 done, second 2, task y, pass 3',
    );
  });

  it('also runs if the pass ended with an error', async () => {
    const order: string[] = [];
    const page = desk((futures) => {
      futures.onDiscard(() => order.push('hook'));
      futures.resultOrSubmit('x', 0, () => order.push('task'));
      if (!futures.isReplay) throw new Error('of the first pass');
      return {};
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).status).toBe(200);
    expect(order).toEqual(['hook', 'task']);
  });

  it.each(['throws', 'rejects'])('fails the request if a hook %s, before any task', async (how) => {
    const calls: string[] = [];
    const page = desk((futures) => {
      calls.push('handler');
      futures.onDiscard(() => {
        const error = new Error('cannot clean up');
        if (how === 'rejects') return Promise.reject(error);
        throw error;
      });
      return futures.submit('x', () => calls.push('task'));
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).status).toBe(500);
    expect(app.log.errors.join()).toContain('cannot clean up');
    expect(calls).toEqual(['handler']);
  });
});

onEachAdapter('signal', (start) => {
  it('is aborted when the client goes away, and the request is not replayed', async () => {
    const passes: number[] = [];
    const client = new EventEmitter();
    let aborted: Promise<unknown> | undefined;
    const page = desk((futures) => {
      const { pass, signal } = futures;
      passes.push(pass);
      aborted ??= once(signal, 'abort');
      return futures.submit('x', () => {
        client.emit('leave');
        return aborted;
      });
    });
    const app = await start({ controllers: [page] });
    const request = get(app.url, { agent: false });
    client.once('leave', () => request.destroy());
    await once(request, 'error');
    await aborted;
    await app.close();
    expect(passes).toEqual([1]);
  });

  it('is not aborted by the end of the response', async () => {
    const signals: AbortSignal[] = [];
    const page = desk((futures) => {
      signals.push(futures.signal);
      return { x: futures.resultOrSubmit('x', 0, tasks.add, 1, 2) };
    });
    const app = await start({ controllers: [page] });
    await app.get('/');
    await app.close();
    expect(new Set(signals).size).toBe(1);
    expect(signals[0]?.aborted).toBe(false);
  });
});

onEachAdapter('report()', (start) => {
  it('lists the passes and, for each future, its task, executor, worker, status and times', async () => {
    const reports: FuturesReport[] = [];
    const page = desk((futures) => {
      futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
      futures.resultOrSubmit('here', '', function hello() {
        return 'hello';
      });
      if (futures.pass === 1) futures.submit('bad', tasks.throwText);
      if (futures.pass === 2) futures.submit('late', tasks.greet, 'you');
      reports.push(futures.report());
      return {};
    });
    const app = await start({ controllers: [page] });
    await app.get('/');
    const [first, , last] = reports;
    expect(first).toMatchObject({
      passes: [{ pass: 1, submitted: ['sum', 'here', 'bad'] }],
      futures: [
        { key: 'sum', task: 'basic.add', executor: 'thread', worker: '', status: 'pending' },
        { key: 'here', task: 'hello', executor: 'inline', worker: '', status: 'pending' },
        { key: 'bad', task: 'basic.throwText', status: 'pending', wait: 0, run: 0 },
      ],
    });
    expect(last).toMatchObject({
      passes: [
        { pass: 1, submitted: ['sum', 'here', 'bad'] },
        { pass: 2, submitted: ['late'] },
        { pass: 3, submitted: [] },
      ],
      futures: [
        { key: 'sum', worker: expect.stringMatching(/^thread \d+$/), status: 'resolved' },
        { key: 'here', worker: 'event loop', status: 'resolved' },
        { key: 'bad', worker: expect.stringMatching(/^thread \d+$/), status: 'failed' },
        { key: 'late', worker: expect.stringMatching(/^thread \d+$/), status: 'resolved' },
      ],
    });
    const times = last?.futures.flatMap(({ wait, run }) => [wait, run]) ?? [];
    expect(times.every((time) => time >= 0)).toBe(true);
    expect(last?.passes.every(({ duration }) => duration > 0)).toBe(true);
  });
});
