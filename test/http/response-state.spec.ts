import type { ServerResponse } from 'node:http';
import { Controller, Get, Res, type INestApplication } from '@nestjs/common';
import { Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter, startApp } from '../support/app.js';
import { REPLAY_MODES } from '../support/interceptor-places.js';
import { rawGet } from '../support/raw-http.js';

/** A Fastify reply, or an Express response. */
type Reply = ServerResponse & {
  readonly raw?: ServerResponse & Record<string, unknown>;
  locals?: Record<string, unknown>;
  json?: (body: unknown) => unknown;
  [name: string]: unknown;
};

interface FastifyReply extends Record<string, unknown> {
  readonly raw: ServerResponse;
  serializer(serialize: (payload: unknown) => string): unknown;
  trailer(name: string, value: (...args: unknown[]) => unknown): unknown;
  hijack(): unknown;
  code(status: number): unknown;
}

/** A controller that does this to the response in the first pass only. */
function desk(inFirstPass: (reply: never) => unknown, inLastPass = (_reply: never): void => {}) {
  @Controller()
  class Desk {
    @Get()
    page(@Futures() futures: FuturesService, @Res({ passthrough: true }) reply: never) {
      (futures.isReplay ? inLastPass : inFirstPass)(reply);
      return { x: futures.resultOrSubmit('x', 'placeholder', () => 'value') };
    }
  }
  return Desk;
}

const rawOf = (reply: Reply): ServerResponse & Record<string, unknown> => reply.raw ?? reply;

onEachAdapter('what a discarded pass set on the response is gone', (start) => {
  describe.each(REPLAY_MODES)("replay: '%s'", (replay) => {
    const run = (first: (reply: Reply) => unknown, last?: (reply: Reply) => void) =>
      start({ controllers: [desk(first, last)], futures: { replay } });

    it('trailers by addTrailers(), behind a chunked body', async () => {
      const chunk = (reply: Reply) => {
        rawOf(reply).setHeader('transfer-encoding', 'chunked');
      };
      const app = await run((reply) => {
        chunk(reply);
        rawOf(reply).addTrailers({ 'x-sum': 'placeholder' });
      }, chunk);
      const received = await rawGet(app.url, '/');
      expect(received).toMatch(/^HTTP\/1\.1 200 /);
      expect(received).toContain('"value"');
      expect(received).not.toContain('x-sum');
    });

    it('headers of Node itself that it removed or switched off', async () => {
      const app = await run((reply) => {
        const raw = rawOf(reply);
        raw.removeHeader('date');
        raw.removeHeader('content-length');
        raw.removeHeader('connection');
        raw.sendDate = false;
        raw.shouldKeepAlive = false;
        raw.strictContentLength = true;
      });
      const { headers } = await app.get('/');
      expect(headers.get('date')).not.toBeNull();
      expect(headers.get('connection')).toBe('keep-alive');
    });

    it('its status message', async () => {
      const app = await run((reply) => (rawOf(reply).statusMessage = 'Placeholder'));
      expect(await rawGet(app.url, '/')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    });

    it('a method that it replaced', async () => {
      const app = await run((reply) => {
        reply.send = () => rawOf(reply).end('patched');
        rawOf(reply).writeHead = () => {
          throw new Error('patched');
        };
      });
      expect(await app.get('/')).toMatchObject({ status: 200, body: { x: 'value' } });
    });

    it('properties of its own, also in an object that was there before', async () => {
      const seen: unknown[] = [];
      const setup = (nest: INestApplication) =>
        nest.use((_request: unknown, response: Reply, next: () => void) => {
          response.locals = { site: 'desk' };
          next();
        });
      const note = (reply: Reply) => {
        seen.push({ ...(rawOf(reply).locals as object) }, reply['draft'], rawOf(reply)['draft']);
      };
      const app = await start({
        controllers: [
          desk(
            (reply: Reply) => {
              note(reply);
              Object.assign(rawOf(reply).locals as object, { site: 'changed', draft: true });
              reply['draft'] = rawOf(reply)['draft'] = 'placeholder';
            },
            (reply: Reply) => note(reply),
          ),
        ],
        futures: { replay },
        setup,
      });
      await app.get('/');
      expect(seen).toEqual([
        { site: 'desk' },
        undefined,
        undefined,
        { site: 'desk' },
        undefined,
        undefined,
      ]);
    });

    it('but early hints, which were sent already', async () => {
      const app = await run((reply) => {
        rawOf(reply).writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
      });
      const received = await rawGet(app.url, '/');
      expect(received).toMatch(/^HTTP\/1\.1 103 [^]*HTTP\/1\.1 200 OK[^]*"value"/);
    });

    it('but listeners, which are called once for each pass', async () => {
      const finished: number[] = [];
      let pass = 0;
      const listen = (reply: Reply) => {
        const mine = ++pass;
        rawOf(reply).once('close', () => finished.push(mine));
      };
      const app = await run(listen, listen);
      await app.get('/');
      await app.close();
      expect(finished).toEqual([1, 2]);
    });
  });
});

describe.each(REPLAY_MODES)(
  "what a discarded pass set on Fastify's reply is gone ('%s')",
  (replay) => {
    const run = (first: (reply: FastifyReply) => unknown, last?: (reply: FastifyReply) => void) =>
      startApp('fastify', { controllers: [desk(first, last)], futures: { replay } });

    it('its serializer', async () => {
      const app = await run((reply) => reply.serializer(() => '{"x":"serialized by pass 1"}'));
      expect(await app.get('/')).toMatchObject({ status: 200, body: { x: 'value' } });
    });

    it('its trailers', async () => {
      const app = await run((reply) => reply.trailer('x-sum', async () => 'placeholder'));
      const received = await rawGet(app.url, '/');
      expect(received).toContain('"value"');
      expect(received).not.toContain('x-sum');
    });

    it('that it was hijacked, if nothing was written', async () => {
      const app = await run((reply) => reply.hijack());
      expect(await app.get('/')).toMatchObject({ status: 200, body: { x: 'value' } });
    });
  },
);
