import { Controller, Get, Header, HttpCode, Req, Res } from '@nestjs/common';
import { Futures, FuturesService, type ReplayMode } from '../../../src/index.js';
import { onEachAdapter } from '../../support/app.js';
import { useCompression, useCookies, useHelmet } from '../../support/server-plugins.js';
import { tasks } from '../../support/tasks.js';

const modes: ReplayMode[] = ['handler', 'request'];

/** What Express and Fastify have in common. */
interface Reply {
  header(name: string, value: string): unknown;
  cookie?(name: string, value: string): unknown;
  setCookie?(name: string, value: string): unknown;
}

describe.each(modes)("with replay: '%s'", (replay) => {
  const futures = { replay };

  onEachAdapter('helmet', (start) => {
    it('has its headers on the response, and what a discarded pass changed of them is undone', async () => {
      @Controller()
      class Desk {
        @Get('plain')
        plain() {
          return {};
        }
        @Get('page')
        page(@Futures() futures: FuturesService, @Res({ passthrough: true }) reply: Reply) {
          if (!futures.isReplay) {
            reply.header('x-frame-options', 'DENY');
            reply.header('x-discarded', 'yes');
          }
          return { x: futures.resultOrSubmit('x', '', tasks.echo, 'value') };
        }
      }
      const app = await start({ controllers: [Desk], futures, setup: useHelmet });
      const [plain, page] = [await app.get('/plain'), await app.get('/page')];
      expect(page).toMatchObject({ status: 200, body: { x: 'value' } });
      const names = [...plain.headers.keys()].filter((name) => !['etag', 'date'].includes(name));
      expect(names).toContain('content-security-policy');
      expect([...page.headers.keys()].filter((name) => names.includes(name))).toEqual(names);
      expect(page.headers.get('x-frame-options')).toBe('SAMEORIGIN');
      expect(page.headers.get('x-discarded')).toBeNull();
    });
  });

  onEachAdapter('compression', (start) => {
    it.each(['gzip', 'br'])('%s sends the last pass, once', async (encoding) => {
      @Controller()
      class Desk {
        @Get()
        @HttpCode(202)
        @Header('x-desk', 'yes')
        page(@Futures() futures: FuturesService) {
          return { x: futures.resultOrSubmit('x', '', tasks.echo, 'value '.repeat(1_000)) };
        }
      }
      const app = await start({ controllers: [Desk], futures, setup: useCompression });
      const page = await app.get('/', { headers: { 'accept-encoding': encoding } });
      expect(page).toMatchObject({ status: 202, body: { x: 'value '.repeat(1_000) } });
      expect(page.headers.get('content-encoding')).toBe(encoding);
      expect(page.headers.get('x-desk')).toBe('yes');
      expect(app.log.errors).toEqual([]);
    });
  });

  onEachAdapter('a cookie parser', (start) => {
    it("has the client's cookies in each pass, and sends those of the last", async () => {
      const seen: unknown[] = [];
      @Controller()
      class Desk {
        @Get()
        page(
          @Req() request: { cookies: Record<string, string> },
          @Res({ passthrough: true }) reply: Reply,
          @Futures() futures: FuturesService,
        ) {
          seen.push({ ...request.cookies });
          const cookies = { [`pass-${futures.pass}`]: 'yes', last: String(futures.pass) };
          for (const [name, value] of Object.entries(cookies)) {
            if (reply.setCookie === undefined) reply.cookie?.(name, value);
            else reply.setCookie(name, value);
          }
          return { x: futures.resultOrSubmit('x', '', tasks.echo, 'value') };
        }
      }
      const app = await start({ controllers: [Desk], futures, setup: useCookies });
      const page = await app.get('/', { headers: { cookie: 'a=1; b=2' } });
      expect(page.body).toEqual({ x: 'value' });
      const sent = { a: '1', b: '2' };
      expect(seen).toEqual([sent, sent]);
      const cookies = page.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
      expect(cookies).toEqual(['pass-2=yes', 'last=2']);
    });
  });
});
