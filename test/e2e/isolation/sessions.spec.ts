import { Controller, Get, Req } from '@nestjs/common';
import { Futures, FuturesService, type ReplayMode } from '../../../src/index.js';
import { onEachAdapter, type TestResponse } from '../../support/app.js';
import { SessionStore, useSessions } from '../../support/server-plugins.js';
import { tasks } from '../../support/tasks.js';

const modes: ReplayMode[] = ['handler', 'request'];

interface WithSession {
  readonly session: { visits?: number; notes?: string[] };
}

function cookieOf(response: TestResponse): { headers: { cookie: string } } {
  const [cookie = ''] = response.headers.getSetCookie();
  return { headers: { cookie: cookie.split(';')[0] ?? '' } };
}

function savedIn(store: SessionStore): unknown[] {
  return [...store.sessions.values()].map((session) => {
    const { cookie: _, ...saved } = JSON.parse(session) as Record<string, unknown>;
    return saved;
  });
}

onEachAdapter('a session', (start) => {
  it.each(modes)('is one over all passes, and is written once (replay: %s)', async (replay) => {
    const store = new SessionStore();
    const writes: number[] = [];
    @Controller()
    class Desk {
      @Get()
      page(@Req() { session }: WithSession, @Futures() futures: FuturesService) {
        const x = futures.resultOrSubmit('x', '', () => (writes.push(store.writes), 'value'));
        futures.barrier();
        session.visits = (session.visits ?? 0) + 1;
        return { x, visits: session.visits };
      }
    }
    const app = await start({
      controllers: [Desk],
      futures: { replay },
      setup: (nest) => useSessions(nest, store),
    });
    const first = await app.get('/');
    expect(first).toMatchObject({ status: 200, body: { x: 'value', visits: 1 } });
    expect(first.headers.getSetCookie()).toHaveLength(1);
    expect(savedIn(store)).toEqual([{ visits: 1 }]);
    const second = await app.get('/', cookieOf(first));
    expect(second.body).toEqual({ x: 'value', visits: 2 });
    expect(savedIn(store)).toEqual([{ visits: 2 }]);
    // Neither was written while the task ran, and each once.
    expect(writes).toEqual([0, 1]);
    expect(store.writes).toBe(2);
  });

  it.each(modes)(
    'keeps what a discarded pass put into it, as any object does (replay: %s)',
    async (replay) => {
      const store = new SessionStore();
      @Controller()
      class Desk {
        @Get()
        page(@Req() { session }: WithSession, @Futures() futures: FuturesService) {
          session.notes = [...(session.notes ?? []), `pass ${futures.pass}`];
          return { x: futures.resultOrSubmit('x', '', tasks.echo, 'value') };
        }
      }
      const app = await start({
        controllers: [Desk],
        futures: { replay },
        setup: (nest) => useSessions(nest, store),
      });
      expect((await app.get('/')).body).toEqual({ x: 'value' });
      expect(savedIn(store)).toEqual([{ notes: ['pass 1', 'pass 2'] }]);
    },
  );

  it.each(modes)('of other clients is theirs alone (replay: %s)', async (replay) => {
    const store = new SessionStore();
    @Controller()
    class Desk {
      @Get()
      page(@Req() { session }: WithSession, @Futures() futures: FuturesService) {
        const x = futures.resultOrSubmit('x', 0, tasks.add, session.visits ?? 0, 1);
        if (futures.isReplay) session.visits = x;
        return { visits: x };
      }
    }
    const app = await start({
      controllers: [Desk],
      futures: { replay },
      setup: (nest) => useSessions(nest, store),
    });
    const ada = await app.get('/');
    const kurt = await app.get('/');
    expect((await app.get('/', cookieOf(ada))).body).toEqual({ visits: 2 });
    const both = await Promise.all([ada, kurt].map((each) => app.get('/', cookieOf(each))));
    expect(both.map(({ body }) => body)).toEqual([{ visits: 3 }, { visits: 2 }]);
  });
});
