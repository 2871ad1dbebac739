import {
  FutureAlreadyResolvedError,
  FutureNotResolvedError,
  FutureNotSubmittedError,
} from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { desk, errorOf, recorder } from '../support/desk.js';
import { tasks } from '../support/tasks.js';

onEachAdapter('result()', (start) => {
  it('returns the value in each pass after the submission', async () => {
    const page = desk((futures) => {
      if (!futures.isReplay) futures.submit('sum', tasks.add, 1, 2);
      return { sum: futures.result('sum', null) };
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
  });

  it('distinguishes a key that was never submitted from a pending one', async () => {
    const errors: unknown[] = [];
    const page = desk((futures) => {
      if (futures.isReplay) return {};
      errors.push(errorOf(() => futures.result('sum')));
      futures.submit('sum', tasks.add, 1, 2);
      errors.push(errorOf(() => futures.result('sum')));
      return {};
    });
    const app = await start({ controllers: [page] });
    await app.get('/');
    const [before, after] = errors;
    expect(before).toBeInstanceOf(FutureNotSubmittedError);
    expect(before).toMatchObject({ code: 'ERR_FUTURES_NOT_SUBMITTED', key: 'sum' });
    expect(after).toBeInstanceOf(FutureNotResolvedError);
    expect(after).toMatchObject({
      code: 'ERR_FUTURES_NOT_RESOLVED',
      key: 'sum',
      task: 'basic.add',
    });
  });

  it('returns the fallback for a missing or pending key, even if it is undefined', async () => {
    const seen: unknown[] = [];
    const page = desk((futures) => {
      seen.push(futures.result('sum', undefined));
      if (!futures.isReplay) futures.submit('sum', tasks.add, 1, 2);
      seen.push(futures.result('sum', 'fallback'));
      return {};
    });
    const app = await start({ controllers: [page] });
    await app.get('/');
    expect(seen).toEqual([undefined, 'fallback', 3, 3]);
  });

  it('throws the error of the task, even with a fallback', async () => {
    const errors: unknown[] = [];
    const page = desk((futures) => {
      if (!futures.isReplay) return futures.submit('x', tasks.fail, 'no paper');
      errors.push(
        errorOf(() => futures.result('x')),
        errorOf(() => futures.result('x', 'ok')),
      );
      return {};
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).status).toBe(200);
    expect(errors).toHaveLength(2);
    for (const error of errors) {
      expect(error).toMatchObject({
        name: 'OutOfPaperError',
        code: 'E_PAPER',
        message: 'no paper',
      });
    }
  });

  it('answers with 500 and logs the error if the handler does not catch it', async () => {
    const app = await start({ controllers: [desk((futures) => futures.result('never'))] });
    expect((await app.get('/')).status).toBe(500);
    expect(app.log.errors.join()).toContain('No future was submitted as "never"');
  });
});

onEachAdapter('submit()', (start) => {
  it('returns true, and runs a key once if it is submitted twice in the same way', async () => {
    const { calls, record } = recorder();
    const answers: boolean[] = [];
    const page = desk((futures) => {
      if (futures.isReplay) return { x: futures.result('x') };
      answers.push(futures.submit('x', record, 'a'), futures.submit('x', record, 'a'));
      return {};
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ x: 'a' });
    expect(answers).toEqual([true, true]);
    expect(calls).toEqual(['a']);
  });

  it('replaces a pending future by one with another task or other arguments', async () => {
    const { calls, record } = recorder();
    const page = desk((futures) => {
      if (futures.isReplay) return { x: futures.result('x'), y: futures.result('y') };
      futures.submit('x', record, 'a');
      futures.submit('x', record, 'b');
      futures.submit('y', record, 'c');
      return futures.submit('y', tasks.add, 1, 2);
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ x: 'b', y: 3 });
    expect(calls).toEqual(['b']);
  });

  it('refuses a key that has its value or its error', async () => {
    const errors: unknown[] = [];
    const page = desk((futures) => {
      if (!futures.isReplay) {
        futures.submit('good', tasks.add, 1, 2);
        return futures.submit('bad', tasks.throwText);
      }
      errors.push(errorOf(() => futures.submit('good', tasks.add, 1, 2)));
      errors.push(errorOf(() => futures.submit('bad', tasks.throwText)));
      return {};
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).status).toBe(200);
    expect(errors).toMatchObject([
      { code: 'ERR_FUTURES_ALREADY_RESOLVED', key: 'good', task: 'basic.add' },
      { code: 'ERR_FUTURES_ALREADY_RESOLVED', key: 'bad', task: 'basic.throwText' },
    ]);
    expect(errors[0]).toBeInstanceOf(FutureAlreadyResolvedError);
  });
});

onEachAdapter('resultOrSubmit()', (start) => {
  it('submits once, and returns the placeholder of each call while it is pending', async () => {
    const { calls, record } = recorder();
    const seen: unknown[] = [];
    const page = desk((futures) => {
      seen.push(futures.resultOrSubmit('x', 'first', record, 'a'));
      seen.push(futures.resultOrSubmit('x', 'second', record, 'a'));
      return {};
    });
    const app = await start({ controllers: [page] });
    await app.get('/');
    expect(seen).toEqual(['first', 'second', 'a', 'a']);
    expect(calls).toEqual(['a']);
  });

  it('returns the placeholder for a key that submit() made pending', async () => {
    const page = desk((futures) => {
      if (!futures.isReplay) futures.submit('x', tasks.add, 1, 2);
      return { x: futures.resultOrSubmit('x', 0, tasks.add, 1, 2) };
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ x: 3 });
  });

  it('distinguishes a value of undefined or null from a missing one', async () => {
    let runs = 0;
    const nothing = () => void runs++;
    const page = desk((futures) => {
      const x = futures.resultOrSubmit('x', 'placeholder', nothing);
      const y = futures.resultOrSubmit('y', 'placeholder', tasks.echo, null);
      return { x: String(x), y };
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ x: 'undefined', y: null });
    expect(runs).toBe(1);
  });
});
