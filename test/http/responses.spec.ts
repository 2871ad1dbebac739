import { Controller, Get, Redirect, Res } from '@nestjs/common';
import { EMPTY, NEVER, Observable, concat, defer, finalize, of } from 'rxjs';
import { Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { REPLAY_MODES } from '../support/interceptor-places.js';
import { countResponses, rawGet } from '../support/raw-http.js';

/** What Express and Fastify have in common. */
interface Reply {
  status(code: number): Reply;
  header(name: string, value: string): Reply;
  send(body: unknown): unknown;
  readonly raw?: RawReply;
}

interface RawReply {
  writeHead(status: number): unknown;
  write(text: string): unknown;
  end(text: string): unknown;
}

onEachAdapter('the response', (start) => {
  describe.each(REPLAY_MODES)("replay: '%s'", (replay) => {
    it('is the last value of an Observable that submits after the handler returned', async () => {
      const order: string[] = [];
      @Controller()
      class Desk {
        @Get()
        page(@Futures() futures: FuturesService) {
          order.push(`handler ${futures.pass}`);
          return new Observable((subscriber) => {
            const timer = setImmediate(() => {
              const x = futures.resultOrSubmit('x', 'placeholder', () => (order.push('task'), 'x'));
              subscriber.next({ x });
              subscriber.complete();
            });
            return () => clearImmediate(timer);
          });
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      expect(await app.get('/')).toMatchObject({ status: 200, body: { x: 'x' } });
      expect(order).toEqual(['handler 1', 'task', 'handler 2']);
    });

    it('is not made of what an Observable emitted before it submitted', async () => {
      @Controller()
      class Desk {
        @Get()
        page(@Futures() futures: FuturesService) {
          const late = defer(() =>
            of({ x: futures.resultOrSubmit('x', 'placeholder', () => 'x') }),
          );
          return concat(of({ x: 'early' }), late);
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      expect((await app.get('/')).body).toEqual({ x: 'x' });
    });

    it('is not what a discarded pass emitted, if the last one emits nothing', async () => {
      @Controller()
      class Desk {
        @Get()
        page(@Futures() futures: FuturesService) {
          if (futures.isReplay) return futures.result('x') === 'x' ? EMPTY : of('wrong');
          const late = defer(() => of(futures.resultOrSubmit('x', 'placeholder', () => 'x')));
          return concat(of('early'), late);
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      expect((await app.get('/')).text).not.toContain('early');
    });

    it('does not wait for an Observable of a discarded pass that never completes', async () => {
      const order: string[] = [];
      @Controller()
      class Desk {
        @Get()
        page(@Futures() futures: FuturesService) {
          const x = futures.resultOrSubmit('x', 'placeholder', () => (order.push('task'), 'x'));
          if (futures.isReplay) return { x };
          return concat(of({ x }), NEVER).pipe(finalize(() => order.push('torn down')));
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      expect((await app.get('/')).body).toEqual({ x: 'x' });
      expect(order).toEqual(['torn down', 'task']);
    });

    it('is redirected to where the last pass says', async () => {
      @Controller()
      class Desk {
        @Get()
        @Redirect('/default', 301)
        page(@Futures() futures: FuturesService) {
          const page = futures.resultOrSubmit('page', 'placeholder', () => 'chart');
          return futures.isReplay ? { url: `/${page}` } : { url: '/wrong', statusCode: 307 };
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      const { status, headers } = await app.get('/');
      expect([status, headers.get('location')]).toEqual([301, '/chart']);
    });

    it('has nothing of what a discarded pass set by @Res({ passthrough: true })', async () => {
      @Controller()
      class Desk {
        @Get()
        page(@Futures() futures: FuturesService, @Res({ passthrough: true }) reply: Reply) {
          if (!futures.isReplay) reply.status(418).header('x-first', 'yes');
          reply.header('x-pass', String(futures.pass));
          return { x: futures.resultOrSubmit('x', 'placeholder', () => 'x') };
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      const { status, headers, body } = await app.get('/');
      expect([status, headers.get('x-first'), headers.get('x-pass'), body]).toEqual([
        200,
        null,
        '2',
        { x: 'x' },
      ]);
    });

    it('is one, as the handler wrote it, if it answers by @Res() while a future is pending', async () => {
      const order: string[] = [];
      @Controller()
      class Desk {
        @Get()
        page(@Futures() futures: FuturesService, @Res() reply: Reply) {
          order.push('handler');
          reply.send(futures.resultOrSubmit('x', 'placeholder', () => (order.push('task'), 'x')));
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      const received = await rawGet(app.url, '/');
      await app.close();
      expect(countResponses(received)).toBe(1);
      expect(received).toContain('placeholder');
      expect(order).toEqual(['handler']);
      expect(app.log.errors).toEqual([expect.stringContaining('ERR_FUTURES_RESPONSE_COMMITTED')]);
    });

    it('is one, and ended by the handler, if it began to write by @Res() while a future is pending', async () => {
      const order: string[] = [];
      @Controller()
      class Desk {
        @Get()
        async page(@Futures() futures: FuturesService, @Res() reply: Reply & RawReply) {
          order.push('handler');
          const raw = reply.raw ?? reply;
          raw.writeHead(200);
          raw.write('begun, ');
          futures.resultOrSubmit('x', 'placeholder', () => order.push('task'));
          await new Promise(setImmediate);
          raw.end('ended');
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      const received = await rawGet(app.url, '/');
      await app.close();
      expect(countResponses(received)).toBe(1);
      expect(received).toMatch(/begun, [^]*ended/);
      expect(order).toEqual(['handler']);
      expect(app.log.errors).toEqual([expect.stringContaining('ERR_FUTURES_RESPONSE_COMMITTED')]);
    });

    it('is one if the handler answers by @Res() while the tasks run', async () => {
      const order: string[] = [];
      @Controller()
      class Desk {
        @Get()
        page(@Futures() futures: FuturesService, @Res() reply: Reply) {
          order.push('handler');
          futures.resultOrSubmit('x', '', async () => {
            order.push('task');
            await reply.send('early');
          });
          if (futures.isReplay) reply.send('late');
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      const received = await rawGet(app.url, '/');
      await app.close();
      expect(countResponses(received)).toBe(1);
      expect(received).toContain('early');
      expect(order).toEqual(['handler', 'task']);
      expect(app.log.errors).toEqual([expect.stringContaining('ERR_FUTURES_RESPONSE_COMMITTED')]);
    });
  });
});
