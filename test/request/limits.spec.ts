import { FuturesArgumentError, FuturesService } from '../../src/index.js';
import { onEachAdapter, type TestApp } from '../support/app.js';
import { desk } from '../support/desk.js';
import { tasks } from '../support/tasks.js';

/** What the log tells of an error that the client was not told of. */
async function logOf(app: TestApp): Promise<string> {
  expect(await app.get('/')).toMatchObject({
    status: 500,
    body: { statusCode: 500, message: 'Internal server error' },
  });
  expect(app.log.errors).toHaveLength(1);
  return app.log.errors.join();
}

/** Asks for one number after the other, each made of the one before. */
function chain(futures: FuturesService, length: number): number {
  let sum = 0;
  for (let i = 1; i <= length; i++) {
    const next = futures.resultOrSubmit(`link ${i}`, null, tasks.add, sum, i);
    if (next === null) return sum;
    sum = next;
  }
  return sum;
}

onEachAdapter('maxPasses', (start) => {
  it('lets futures depend on futures, one pass each', async () => {
    const page = desk((futures) => ({ sum: chain(futures, 4), pass: futures.pass }));
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ sum: 10, pass: 5 });
  });

  it('ends a longer chain with an error that lists the keys of each pass', async () => {
    const page = desk((futures) => chain(futures, 3));
    const app = await start({ controllers: [page], futures: { maxPasses: 3 } });
    const log = await logOf(app);
    expect(log).toContain('ERR_FUTURES_REPLAY_LIMIT');
    expect(log).toMatch(/pass 3, its last\.\s+pass 1: link 1\s+pass 2: link 2\s+pass 3: link 3\s/);
    expect(log).toContain('Each pass asked for something new');
    expect(log).toContain('raise "maxPasses"');
  });

  it('names the keys that drift, and no others', async () => {
    const page = desk((futures) => {
      futures.resultOrSubmit('title', '', tasks.echo, 'Title');
      return futures.resultOrSubmit(`row ${futures.pass}`, '', tasks.echo, 1);
    });
    const app = await start({ controllers: [page], futures: { maxPasses: 3 } });
    const log = await logOf(app);
    expect(log).toMatch(/pass 1: title, row 1\s+pass 2: row 2\s+pass 3: row 3\s/);
    expect(log).toMatch(/keys drift from pass to pass: row 1, row 2\./);
  });

  it('runs the hooks of the last pass, but not the tasks it submitted', async () => {
    const order: string[] = [];
    const page = desk((futures) => {
      const { pass } = futures;
      futures.onDiscard(() => order.push(`hook ${pass}`));
      return futures.submit(`x ${pass}`, () => order.push(`task ${pass}`));
    });
    const app = await start({ controllers: [page], futures: { maxPasses: 2 } });
    expect(await logOf(app)).toContain('ReplayLimitError');
    expect(order).toEqual(['hook 1', 'task 1', 'hook 2']);
  });
});

onEachAdapter('maxFutures', (start) => {
  it('refuses one future too many, counted over all passes', async () => {
    const page = desk((futures) => {
      futures.resultOrSubmit('a', '', tasks.echo, 'a');
      const b = futures.resultOrSubmit('b', '', tasks.echo, 'b');
      return b && futures.resultOrSubmit('c', '', tasks.echo, 'c');
    });
    const app = await start({ controllers: [page], futures: { maxFutures: 2 } });
    const log = await logOf(app);
    expect(log).toContain('ERR_FUTURES_TOO_MANY');
    expect(log).toMatch(/"c" would be one more than the 2 a request may hold.*raise "maxFutures"/);
  });

  it('counts neither dropped nor replaced futures', async () => {
    const page = desk((futures) => {
      if (futures.isReplay) return { a: futures.result('a') };
      futures.submit('b', tasks.echo, 'b');
      futures.cancel('b');
      futures.submit('a', tasks.echo, 'first');
      return futures.submit('a', tasks.echo, 'second');
    });
    const app = await start({ controllers: [page], futures: { maxFutures: 1 } });
    expect((await app.get('/')).body).toEqual({ a: 'second' });
  });
});

onEachAdapter('misuse of a key', (start) => {
  it('is a conflict if two call sites use it for different tasks', async () => {
    const page = desk((futures) => [
      futures.resultOrSubmit('x', null, tasks.add, 1, 2),
      futures.resultOrSubmit('x', null, tasks.greet, 'you'),
    ]);
    const app = await start({ controllers: [page] });
    const log = await logOf(app);
    expect(log).toContain('ERR_FUTURES_CONFLICT');
    expect(log).toContain('"x" is asked for with basic.greet, but it stands for basic.add');
  });

  it('is a conflict if two call sites use it for different arguments', async () => {
    const page = desk((futures) => [
      futures.resultOrSubmit('x', null, tasks.add, 1, 2),
      futures.resultOrSubmit('x', null, tasks.add, 3, 4),
    ]);
    const app = await start({ controllers: [page] });
    const log = await logOf(app);
    expect(log).toContain('ERR_FUTURES_CONFLICT');
    expect(log).toContain('"x" is asked for twice with different arguments of basic.add');
  });

  it('is an error if a replay submits a key that has its value', async () => {
    const page = desk((futures) => futures.submit('x', tasks.add, 1, 2));
    const app = await start({ controllers: [page] });
    const log = await logOf(app);
    expect(log).toContain('ERR_FUTURES_ALREADY_RESOLVED');
    expect(log).toMatch(/"x" \(task basic\.add\) is resolved already.*clear\("x"\)/);
  });

  it.each([undefined, null, 1, Symbol('x'), {}])(
    'is an error if the key is not a string: %p',
    async (x) => {
      const errors: unknown[] = [];
      const key = x as string;
      const page = desk((futures) => {
        const attempts = [
          () => futures.result(key),
          () => futures.result(key, 'fallback'),
          () => futures.submit(key, tasks.add, 1, 2),
          () => futures.resultOrSubmit(key, 0, tasks.add, 1, 2),
        ];
        for (const attempt of attempts) {
          try {
            attempt();
          } catch (error) {
            errors.push(error);
          }
        }
        return { pass: futures.pass };
      });
      const app = await start({ controllers: [page] });
      expect((await app.get('/')).body).toEqual({ pass: 1 });
      expect(errors).toHaveLength(4);
      for (const error of errors) {
        expect(error).toBeInstanceOf(FuturesArgumentError);
        expect((error as Error).message).toMatch(
          x === null ? /string, but is null/ : `string, but is of type ${typeof x}`,
        );
      }
    },
  );

  it('does not include unusual strings', async () => {
    const names = ['', ' ', '__proto__', 'constructor', 'clé', '\0'];
    const page = desk((futures) =>
      names.map((name) => futures.resultOrSubmit(name, null, tasks.echo, name)),
    );
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual(names);
  });

  it.each([undefined, null, 'render', {}])('is an error with an invalid task: %p', async (task) => {
    const page = desk((futures) => futures.submit('x', task as never));
    const app = await start({ controllers: [page] });
    const log = await logOf(app);
    expect(log).toContain('ERR_FUTURES_ARGUMENT');
    expect(log).toMatch(/task must be a handle of taskFile\(\) or a function, but is/);
  });
});
