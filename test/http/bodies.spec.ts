import { Body, Controller, Post, Req, type INestApplication } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { json, raw, urlencoded } from 'express';
import { Futures, FuturesService, taskFile } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { REPLAY_MODES } from '../support/interceptor-places.js';

const data = taskFile<typeof import('../fixtures/data.tasks.js')>(
  new URL('../fixtures/data.tasks.js', import.meta.url),
);

interface RequestWithBody {
  body: unknown;
  rawBody?: Buffer;
}

/** Counts the bodies that are parsed; takes binary ones as buffers. */
function countParsing(nest: INestApplication): { count: number } {
  const parsed = { count: 0 };
  if (nest.getHttpAdapter().getType() === 'express') {
    const verify = () => void parsed.count++;
    nest.use(json({ verify }), urlencoded({ extended: true, verify }), raw({ verify }));
  } else {
    const app = nest as NestFastifyApplication;
    app.useBodyParser('application/octet-stream', {}, (_request, body, done) => done(null, body));
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('preParsing', async () => void parsed.count++);
  }
  return parsed;
}

/** What the option `rawBody` of NestFactory.create() does. */
function keepRawBody(nest: INestApplication): void {
  nest.get(HttpAdapterHost).httpAdapter.registerParserMiddleware('', true);
}

const requests = [
  [
    'JSON',
    'application/json',
    JSON.stringify({ title: 'Ledger', pages: [1, 2] }),
    { title: 'Ledger', pages: [1, 2] },
  ],
  [
    'urlencoded',
    'application/x-www-form-urlencoded',
    'title=Ledger&pages=1&pages=2',
    { title: 'Ledger', pages: ['1', '2'] },
  ],
  ['binary', 'application/octet-stream', '\u0001\u0002', Buffer.from([1, 2])],
] as const;

onEachAdapter('the body of a replayed request', (start) => {
  describe.each(REPLAY_MODES)("replay: '%s'", (replay) => {
    it.each(requests)(
      '%s is parsed once, and each pass has it',
      async (_, type, body, expected) => {
        const seen: unknown[] = [];
        @Controller()
        class Desk {
          @Post()
          page(
            @Req() request: RequestWithBody,
            @Body() body: unknown,
            @Futures() futures: FuturesService,
          ) {
            seen.push(request.body, body);
            const one = futures.resultOrSubmit('one', 0, () => 1);
            return { two: one && futures.resultOrSubmit('two', 0, () => one + 1) };
          }
        }
        let parsed = { count: 0 };
        const app = await start({
          controllers: [Desk],
          futures: { replay },
          setup: (nest) => (parsed = countParsing(nest)),
        });
        const init = { method: 'POST', headers: { 'content-type': type }, body };
        expect(await app.get('/', init)).toMatchObject({ status: 201, body: { two: 2 } });
        expect(seen).toEqual(Array.from({ length: 6 }, () => expected));
        expect(parsed.count).toBe(1);
      },
    );

    it('is kept unparsed beside the parsed one, for each pass', async () => {
      const seen: unknown[] = [];
      @Controller()
      class Desk {
        @Post()
        page(@Req() { rawBody, body }: RequestWithBody, @Futures() futures: FuturesService) {
          seen.push([rawBody?.toString(), body]);
          return { one: futures.resultOrSubmit('one', 0, () => 1) };
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay }, setup: keepRawBody });
      const body = '{ "title":  "Ledger" }';
      const headers = { 'content-type': 'application/json' };
      const response = await app.get('/', { method: 'POST', headers, body });
      expect(response).toMatchObject({ status: 201, body: { one: 1 } });
      expect(seen).toEqual([
        [body, { title: 'Ledger' }],
        [body, { title: 'Ledger' }],
      ]);
    });

    it('keeps its content, though a transferList moves it to a worker', async () => {
      const seen: number[] = [];
      @Controller()
      class Desk {
        @Post()
        page(@Body() body: Buffer, @Futures() futures: FuturesService) {
          seen.push(body.length);
          const moving = futures.using({ transferList: [body.buffer as ArrayBuffer] });
          return {
            size: moving.resultOrSubmit('size', 0, data.sizeOf, body as never),
            length: body.length,
          };
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay }, setup: countParsing });
      const length = 2 ** 15;
      const headers = { 'content-type': 'application/octet-stream' };
      const response = await app.get('/', { method: 'POST', headers, body: 'x'.repeat(length) });
      expect(response).toMatchObject({ status: 201, body: { size: length, length } });
      expect(seen).toEqual([length, length]);
    });
  });
});
