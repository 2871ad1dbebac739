import { once } from 'node:events';
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Controller, Get, HttpCode, Post, Req, Res, type Type } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Futures, FuturesModule, FuturesService, type ReplayMode } from '../../src/index.js';
import { Latch, latches } from '../support/executors.js';
import { REPLAY_MODES } from '../support/interceptor-places.js';
import { latch } from '../support/latch.js';
import { MemoryLogger } from '../support/memory-logger.js';
import { tasks } from '../support/tasks.js';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Reply {
  readonly raw: { addTrailers(trailers: object): void; sendDate: boolean };
}

interface Http2App {
  readonly log: MemoryLogger;
  readonly client: ClientHttp2Session;
  close(): Promise<void>;
}

/** Starts an app that speaks HTTP/2, and connects to it. */
async function start(
  controller: Type,
  replay: ReplayMode,
  setup: (adapter: FastifyAdapter) => void = () => {},
): Promise<Http2App> {
  const log = new MemoryLogger();
  const module = await Test.createTestingModule({
    imports: [FuturesModule.forRoot({ replay, threads: { max: 1 }, serverTiming: true })],
    controllers: [controller],
  })
    .setLogger(log)
    .compile();
  const adapter = new FastifyAdapter({ http2: true });
  setup(adapter);
  const app = module.createNestApplication(adapter as never);
  app.useLogger(log);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const client = connect(`http://127.0.0.1:${port}`);
  // The server closes when its clients have.
  const close = async () => {
    if (!client.destroyed) client.destroy();
    await app.close();
  };
  closers.push(close);
  return { log, client, close };
}

async function answer(stream: ClientHttp2Stream): Promise<{ status: unknown; body: string }> {
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  return { status: headers[':status'], body: await text(stream) };
}

describe.each(REPLAY_MODES)("a request over HTTP/2 (replay: '%s')", (replay) => {
  it('has the body for its handler in each pass, and no trailers of a discarded pass', async () => {
    const seen: string[] = [];
    @Controller()
    class Desk {
      @Post()
      async page(
        @Req() request: { raw: Readable },
        @Res({ passthrough: true }) reply: Reply,
        @Futures() futures: FuturesService,
      ) {
        seen.push(await text(request.raw));
        if (!futures.isReplay) {
          reply.raw.addTrailers({ 'x-sum': 'placeholder' });
          reply.raw.sendDate = false;
        }
        const one = futures.resultOrSubmit('one', 0, () => 1);
        return { two: one && futures.resultOrSubmit('two', 0, () => one + 1) };
      }
    }
    const { client, log } = await start(Desk, replay, (adapter) => {
      const type = 'application/octet-stream';
      adapter.getInstance().addContentTypeParser(type, (_request, _payload, done) => done(null));
    });
    for (const body of ['page', 'x'.repeat(2 ** 20)]) {
      const stream = client.request({
        ':method': 'POST',
        'content-type': 'application/octet-stream',
      });
      const trailers: unknown[] = [];
      stream.on('trailers', (each) => trailers.push(each));
      stream.end(body);
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
      expect([headers[':status'], await text(stream)]).toEqual([201, '{"two":2}']);
      expect(headers['date']).toBeDefined();
      expect(trailers).toEqual([]);
      expect(seen.splice(0).map((each) => each === body)).toEqual([true, true, true]);
    }
    expect(log.errors).toEqual([]);
  });

  it('is replayed and answered, without a warning from Node', async () => {
    const warnings: string[] = [];
    const warn = (warning: Error) => warnings.push(warning.message);
    process.on('warning', warn);
    closers.push(() => process.off('warning', warn));
    @Controller()
    class Desk {
      @Get()
      @HttpCode(202)
      page(@Futures() futures: FuturesService) {
        return { x: futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value') };
      }
    }
    const app = await start(Desk, replay);
    expect(await answer(app.client.request({ ':path': '/' }))).toEqual({
      status: 202,
      body: '{"x":"value"}',
    });
    await new Promise(setImmediate);
    expect(warnings).toEqual([]);
  });

  it('that the client resets has its signal aborted and its tasks dropped, and is not replayed', async () => {
    const order: string[] = [];
    const held = new Latch();
    const gone = latch();
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        const { signal } = futures;
        order.push(`pass ${futures.pass}, ${signal.aborted}`);
        signal.addEventListener('abort', () => gone.open());
        for (const key of ['a', 'b', 'c']) futures.resultOrSubmit(key, 0, latches.hang, held.cells);
        return 'placeholder';
      }
      @Get('next')
      next(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value');
      }
    }
    const app = await start(Desk, replay);
    const stream = app.client.request({ ':path': '/' });
    stream.on('error', () => {});
    await held.reached();
    stream.close(constants.NGHTTP2_CANCEL);
    await gone.opened;
    // The thread is free again, for a request on the same connection.
    expect((await answer(app.client.request({ ':path': '/next' }))).body).toBe('value');
    await app.close();
    expect(order).toEqual(['pass 1, false']);
    expect(held.started).toBe(1);
    expect([...app.log.errors, ...app.log.warnings]).toEqual([]);
  });

  it('that the client resets before its handler submits runs no task', async () => {
    const order: string[] = [];
    const handling = latch();
    const goOn = latch();
    const discarded = latch();
    @Controller()
    class Desk {
      @Get()
      async page(@Futures() futures: FuturesService) {
        const { signal } = futures;
        handling.open();
        signal.addEventListener('abort', () => goOn.open());
        await goOn.opened;
        order.push(`pass ${futures.pass}`);
        futures.onDiscard(discarded.open);
        return futures.resultOrSubmit('x', '', () => order.push('task'));
      }
    }
    const app = await start(Desk, replay);
    const stream = app.client.request({ ':path': '/' });
    stream.on('error', () => {});
    await handling.opened;
    stream.close(constants.NGHTTP2_CANCEL);
    await discarded.opened;
    await app.close();
    expect(order).toEqual(['pass 1']);
    expect([...app.log.errors, ...app.log.warnings]).toEqual([]);
  });

  it('whose connection is lost is not replayed', async () => {
    const order: string[] = [];
    const running = latch();
    const gone = latch();
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        const { signal } = futures;
        order.push(`pass ${futures.pass}`);
        return futures.resultOrSubmit('x', '', async () => {
          running.open();
          await once(signal, 'abort');
          gone.open();
        });
      }
    }
    const app = await start(Desk, replay);
    app.client.request({ ':path': '/' }).on('error', () => {});
    await running.opened;
    app.client.destroy();
    await gone.opened;
    await app.close();
    expect(order).toEqual(['pass 1']);
  });
});
