import { Controller, Get, Injectable, Post, Scope } from '@nestjs/common';
import {
  Future,
  Futures,
  FuturesService,
  UseFutures,
  taskFile,
  type FuturesModuleOptions,
} from '../../src/index.js';
import { onEachAdapter, type TestApp } from '../support/app.js';
import { desk } from '../support/desk.js';
import { tasks } from '../support/tasks.js';

const PLACEHOLDER = 'PLACEHOLDER';

/** Remembers what it was given first. */
@Injectable()
class Memo {
  total?: unknown;

  constructor(readonly futures: FuturesService) {}

  get(): unknown {
    return (this.total ??= this.futures.resultOrSubmit('total', PLACEHOLDER, tasks.echo, 42));
  }
}

@Controller()
class MemoDesk {
  constructor(private readonly memo: Memo) {}

  @Get()
  page() {
    return { total: this.memo.get() };
  }

  @UseFutures({ replay: 'request' })
  @Get('cloned')
  cloned() {
    return { total: this.memo.get() };
  }
}

onEachAdapter('a placeholder that something remembers', (start) => {
  const startMemo = (futures: FuturesModuleOptions = {}) =>
    start({ controllers: [MemoDesk], providers: [Memo], futures });

  it('is not published: the client gets 500, and the log names key, passes and remedies', async () => {
    const app = await startMemo();
    const { status, text } = await app.get('/');
    expect([status, text.includes(PLACEHOLDER)]).toEqual([500, false]);
    expect(app.log.errors).toHaveLength(1);
    expect(app.log.errors[0]).toContain('ERR_FUTURES_UNREAD');
    expect(app.log.errors[0]).toMatch(
      /Pass 2 did not ask for total, which pass 1 .*once\(\).*clear/s,
    );
  });

  it("raises no alarm with replay: 'request', which creates the provider again", async () => {
    const app = await startMemo({ strict: true });
    expect((await app.get('/cloned')).body).toEqual({ total: 42 });
    expect(app.log.errors).toEqual([]);
  });

  it('causes one warning, or none, if the option says so', async () => {
    const warning = await startMemo({ unread: 'warn' });
    await warning.get('/');
    expect((await warning.get('/')).body).toEqual({ total: PLACEHOLDER });
    expect(warning.log.warnings).toHaveLength(1);
    const silent = await startMemo({ unread: 'ignore' });
    expect((await silent.get('/')).body).toEqual({ total: PLACEHOLDER });
    expect(silent.log.warnings).toEqual([]);
  });

  it('is reported by strict, whatever the option says', async () => {
    const app = await startMemo({ unread: 'ignore', strict: true });
    await app.get('/');
    expect(app.log.errors.join()).toContain('the key "total" was given its placeholder in pass 1');
  });

  it('is found even if a fallback was kept, or the error of a pending key was caught', async () => {
    const kept = new Map<string, unknown>();
    const page = desk((futures) => {
      if (futures.pass === 1) {
        futures.submit('a', tasks.echo, 1);
        kept.set('a', futures.result('a', 'fallback'));
      }
      return Object.fromEntries(kept);
    });
    const caught = desk((futures) => {
      if (futures.pass > 1) return kept.get('b');
      futures.submit('b', tasks.echo, 2);
      try {
        return futures.result('b');
      } catch {
        return kept.set('b', 'caught');
      }
    });
    const other = await start({ controllers: [caught] });
    expect((await other.get('/')).status).toBe(500);
    expect(other.log.errors.join()).toMatch(/did not ask for b,/);
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).status).toBe(500);
    expect(app.log.errors.join()).toMatch(/did not ask for a,/);
  });

  it.each<[string, (futures: FuturesService) => unknown, unknown]>([
    [
      'was only submitted',
      (futures) => (futures.pass === 1 ? futures.submit('a', tasks.echo, 1) : 'done'),
      'done',
    ],
    [
      'is cleared in a pass that needs it no more',
      (futures) => {
        if (futures.pass === 1) return futures.resultOrSubmit('a', '', tasks.echo, 1);
        return futures.clear('a');
      },
      true,
    ],
    [
      'is asked for behind a condition on another placeholder, and is not in the outcome',
      (futures) => {
        const isEmpty = futures.resultOrSubmit('count', 0, tasks.echo, 7) === 0;
        const hint = isEmpty ? futures.resultOrSubmit('hint', PLACEHOLDER, tasks.echo, 'x') : '';
        return `rows ${isEmpty} ${hint}`;
      },
      'rows false ',
    ],
    [
      'is published on purpose',
      (futures) => {
        if (futures.pass === 1) return futures.resultOrSubmit('a', '', tasks.echo, 1);
        futures.publish();
        return 'as it is';
      },
      'as it is',
    ],
  ])('is no error if the key %s', async (_name, handler, body) => {
    const app = await start({ controllers: [desk(handler)] });
    const answer = await app.get('/');
    expect([answer.status, answer.body]).toEqual([200, body]);
    expect(app.log.errors).toEqual([]);
  });

  it.each([
    [PLACEHOLDER, (kept: string) => `<p>${kept}</p>`],
    ['PH', (kept: string) => kept],
  ])('is an error behind a condition too, if the outcome contains it: %s', async (hint, shown) => {
    let kept = '';
    const page = desk((futures) => {
      const isEmpty = futures.resultOrSubmit('count', 0, tasks.echo, 7) === 0;
      if (isEmpty) kept = futures.resultOrSubmit('hint', hint, tasks.echo<string>, 'x');
      return { rows: [shown(kept)] };
    });
    expect((await (await start({ controllers: [page] })).get('/')).status).toBe(500);
  });

  it('is reported if a promise of a discarded pass was kept', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Kept {
      promise?: Promise<unknown>;

      constructor(readonly futures: FuturesService) {}

      get() {
        return (this.promise ??= this.#compute());
      }

      async #compute(): Promise<unknown> {
        const value = this.futures.resultOrSubmit('a', 0, tasks.echo, 1);
        this.futures.barrier();
        return value;
      }
    }

    @Controller()
    class Desk {
      constructor(private readonly kept: Kept) {}

      @Get()
      page() {
        return this.kept.get();
      }
    }
    const app = await start({ controllers: [Desk], providers: [Kept] });
    expect((await app.get('/')).status).toBe(500);
    expect(app.log.errors.join()).toContain(
      'An outcome of pass 1, which was discarded, was kept until pass 2',
    );
  });
});

onEachAdapter('a future that is computed from another one', (start) => {
  const answer = async (app: TestApp) => (await app.get('/')).body;

  it('settles by itself, without barrier()', async () => {
    const page = desk((futures) => {
      const a = futures.resultOrSubmit('a', 0, tasks.add, 1, 2);
      return { sum: futures.resultOrSubmit('b', 0, tasks.add, a, 10), pass: futures.pass };
    });
    expect(await answer(await start({ controllers: [page] }))).toEqual({ sum: 13, pass: 3 });
  });

  it('settles if it gets an object that each pass changes', async () => {
    const given = { deep: [{ n: 0 }] };
    const page = desk((futures) => {
      const a = futures.resultOrSubmit('a', { n: 0 }, tasks.echo, { n: 3 });
      given.deep = [{ n: a.n }];
      return futures.resultOrSubmit('b', null, tasks.echo, given);
    });
    expect(await answer(await start({ controllers: [page] }))).toEqual({ deep: [{ n: 3 }] });
  });

  it('keeps its value if no placeholder came before it', async () => {
    let calls = 0;
    const page = desk((futures) => {
      const b = futures.resultOrSubmit('b', 0, tasks.add, ++calls, 10);
      return b;
    });
    expect(await answer(await start({ controllers: [page] }))).toBe(11);
  });

  it('settles even if only a byte in the middle of large data differs', async () => {
    const at = 1_500_000;
    const image = Buffer.alloc(3_000_000);
    image[at] = 7;
    const page = desk((futures) => {
      const a = futures.resultOrSubmit('a', Buffer.alloc(image.length), tasks.echo, image);
      return futures.resultOrSubmit('b', -1, (of: Buffer) => of[at], a);
    });
    expect(await answer(await start({ controllers: [page] }))).toBe(7);
  });

  it('that never settles ends in an error that names the first differing path', async () => {
    let now = 0;
    const page = desk((futures) => {
      futures.resultOrSubmit('a', 0, tasks.echo, 1);
      return futures.resultOrSubmit('b', 0, tasks.echo, { at: { now: ++now } });
    });
    // A placeholder comes before it in the first pass alone, so it takes one more pass, and settles.
    expect((await (await start({ controllers: [page] })).get('/')).status).toBe(200);
    const endless = desk((futures) => {
      futures.resultOrSubmit(`a ${futures.pass}`, 0, tasks.echo, 1);
      return futures.resultOrSubmit('b', 0, tasks.echo, { at: { now: ++now } });
    });
    const app = await start({ controllers: [endless] });
    expect((await app.get('/')).status).toBe(500);
    expect(app.log.errors.join()).toContain('"b" at args[0].at.now');
  });

  it('as part of too long a chain ends in an error that says what to do', async () => {
    const page = desk((futures) => {
      let value = 0;
      for (let i = 0; i < 5; i++) value = futures.resultOrSubmit(`k${i}`, 0, tasks.add, value, 1);
      return value;
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).status).toBe(500);
    expect(app.log.errors.join()).toContain('raise "maxPasses"');
    const longer = await start({ controllers: [page], futures: { maxPasses: 6 } });
    expect((await longer.get('/')).body).toBe(5);
  });

  it('is not affected by arguments that cannot be compared, or by deep ones', async () => {
    let deep: unknown = 1;
    for (let i = 0; i < 3_000; i++) deep = [deep];
    const page = desk((futures) => {
      futures.resultOrSubmit('a', 0, tasks.echo, 1);
      const inline = futures.resultOrSubmit(
        'b',
        0,
        (run: () => number) => run(),
        () => 5,
      );
      futures.resultOrSubmit('c', 0, (value: unknown) => typeof value, deep);
      return inline;
    });
    expect(await answer(await start({ controllers: [page] }))).toBe(5);
  });

  it('settles if it is declared', async () => {
    @Controller()
    class Desk {
      @Get()
      page(
        @Future('a', { default: 0 }) a: number,
        @Futures() futures: FuturesService,
        @Future('b', {
          task: tasks.add,
          args: (context) => [(context.getArgByIndex<{ given?: number }>(0).given ??= 0), 10],
        })
        b: number,
      ) {
        futures.resultOrSubmit('a', 0, tasks.add, 1, 2);
        return [a, b];
      }
    }
    expect(await answer(await start({ controllers: [Desk] }))).toEqual([3, 10]);
  });
});

function takeTwoMorePasses(futures: FuturesService): void {
  if (futures.resultOrSubmit('next', 0, tasks.echo, 1) === 0) return;
  futures.resultOrSubmit('last', 0, tasks.echo, 1);
}

onEachAdapter('a value that a pass has changed', (start) => {
  it.each([
    ['a list', tasks.echo, ['a', 'b'], ['a', 'b', 'TOTAL']],
    ['a list that is not plain', tasks.echo, [new Date(0)], [new Date(0).toISOString(), 'TOTAL']],
    ['a list made on the event loop', async () => ['a'], undefined, ['a', 'TOTAL']],
  ])('is as the task returned it in the next pass: %s', async (_name, task, value, expected) => {
    const page = desk((futures) => {
      const list = futures.resultOrSubmit('list', [] as unknown[], task, value) as unknown[];
      list.push('TOTAL');
      takeTwoMorePasses(futures);
      return list;
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual(expected);
  });

  it('is as the task returned it if it is declared', async () => {
    @Controller()
    class Desk {
      @Get()
      page(
        @Future('rows', { task: tasks.echo<string[]>, args: () => [['b', 'a']] }) rows: string[],
        @Futures() futures: FuturesService,
      ) {
        rows.push('TOTAL');
        return { rows, more: futures.resultOrSubmit('more', 0, tasks.echo, 1) };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).body).toEqual({ rows: ['b', 'a', 'TOTAL'], more: 1 });
  });

  it.each([20, 200_000])('is as the task returned it, as %s bytes', async (size) => {
    const page = desk((futures) => {
      const bytes = futures.resultOrSubmit(
        'bytes',
        Buffer.alloc(1),
        tasks.echo,
        Buffer.alloc(size, 7),
      );
      const before = bytes[0];
      bytes.fill(0);
      takeTwoMorePasses(futures);
      return { before, isBuffer: Buffer.isBuffer(bytes) };
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ before: 7, isBuffer: true });
  });
});

onEachAdapter('once() and provide()', (start) => {
  it('keep the value of the first pass, and run a write once', async () => {
    const written: number[] = [];
    const page = desk(async (futures) => {
      const id = futures.once('id', () => Math.random());
      await futures.once('write', async () => written.push(id));
      const echoed = futures.resultOrSubmit('echo', 0, tasks.echo, id);
      return { same: echoed === id, written: written.length };
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ same: true, written: 1 });
  });

  it('do not keep an error', async () => {
    let tries = 0;
    const page = desk(async (futures) => {
      futures.resultOrSubmit('a', 0, tasks.echo, 1);
      try {
        return await futures.once('flaky', async () => {
          if (++tries === 1) throw new Error('not yet');
          return tries;
        });
      } catch {
        return 'failed';
      }
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toBe(2);
  });

  it('return a known value in every pass, without running its task', async () => {
    const page = desk((futures) => {
      futures.provide('chart', '<svg/>');
      const chart = futures.resultOrSubmit('chart', '', tasks.exit);
      return { chart, more: futures.resultOrSubmit('more', 0, tasks.echo, 1) };
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ chart: '<svg/>', more: 1 });
  });

  it('replay a pass that used the placeholder of a key before it was provided', async () => {
    const page = desk((futures) => {
      const user = futures.resultOrSubmit('user', 'PLACEHOLDER', tasks.echo, 'lost');
      if (futures.pass === 1) futures.provide('user', 'Ada');
      return { user };
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ user: 'Ada' });
  });

  it('drop a pending future, and refuse a settled one', async () => {
    const page = desk((futures) => {
      if (futures.pass === 1) {
        futures.submit('a', tasks.exit);
        futures.provide('a', 1);
        return futures.resultOrSubmit('b', 0, tasks.echo, 2);
      }
      try {
        futures.provide('b', 3);
        return 'provided';
      } catch (error) {
        return { a: futures.result('a'), code: (error as { code: string }).code };
      }
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual({ a: 1, code: 'ERR_FUTURES_ALREADY_RESOLVED' });
  });
});

onEachAdapter('a key that one pass asks for with other arguments', (start) => {
  it('is a conflict if its value is already there', async () => {
    const page = desk((futures) => {
      const a = futures.resultOrSubmit('k', 0, tasks.add, 1, 2);
      if (!futures.isReplay) return { a };
      return { a, b: futures.resultOrSubmit('k', 0, tasks.add, 3, 4) };
    });
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).status).toBe(500);
    expect(app.log.errors.join()).toContain('ERR_FUTURES_CONFLICT');
  });

  it('is a conflict if it was declared', async () => {
    @Controller()
    class Desk {
      @Get()
      page(
        @Future('k', { task: tasks.add, args: () => [1, 2] }) a: number,
        @Futures() futures: FuturesService,
      ) {
        return { a, b: futures.resultOrSubmit('k', 0, tasks.add, 3, 4) };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).status).toBe(500);
    expect(app.log.errors.join()).toContain('ERR_FUTURES_CONFLICT');
  });

  it('is no conflict if the arguments are equal', async () => {
    const page = desk((futures) => {
      const ask = () => futures.resultOrSubmit('k', null, tasks.echo, { n: [1] });
      return [ask(), ask(), futures.result('k'), ask()];
    });
    const n = { n: [1] };
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual([n, n, n, n]);
  });
});

onEachAdapter('one task, two handles', (start) => {
  it('are one task: file and export are compared', async () => {
    const file = new URL('../fixtures/basic.tasks.js', import.meta.url);
    const other = taskFile<typeof import('../fixtures/basic.tasks.js')>(file);
    const page = desk((futures) => [
      futures.resultOrSubmit('sum', 0, tasks.add, 1, 2),
      futures.resultOrSubmit('sum', 0, other.add, 1, 2),
    ]);
    const app = await start({ controllers: [page] });
    expect((await app.get('/')).body).toEqual([3, 3]);
  });
});

onEachAdapter('strict, for a handler that writes,', (start) => {
  const writing = (page: (futures: FuturesService) => unknown) => {
    @Controller()
    class Orders {
      @Post()
      add(@Futures() futures: FuturesService) {
        return page(futures);
      }
    }
    return start({ controllers: [Orders], futures: { strict: true } });
  };

  it('names it once if it is replayed', async () => {
    const app = await writing((futures) => futures.resultOrSubmit('a', 0, tasks.echo, 1));
    for (let i = 0; i < 2; i++) expect((await app.get('/', { method: 'POST' })).body).toBe(1);
    expect(app.log.warnings).toEqual([expect.stringContaining('Orders.add answers POST')]);
  });

  it.each<[string, (futures: FuturesService) => unknown]>([
    ['barrier()', (futures) => futures.barrier()],
    ['once()', (futures) => futures.once('write', () => 1)],
  ])('says nothing if it uses %s', async (_name, use) => {
    const app = await writing((futures) => {
      const value = futures.resultOrSubmit('a', 0, tasks.echo, 1);
      use(futures);
      return value;
    });
    expect((await app.get('/', { method: 'POST' })).body).toBe(1);
    expect(app.log.warnings).toEqual([]);
  });
});
