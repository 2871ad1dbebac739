import { Agent, request as send } from 'node:http';
import { text } from 'node:stream/consumers';
import { PassThrough, Readable } from 'node:stream';
import {
  Body,
  Controller,
  Get,
  Injectable,
  Post,
  Req,
  StreamableFile,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter, startApp } from '../support/app.js';
import { REPLAY_MODES } from '../support/interceptor-places.js';
import { latch } from '../support/latch.js';

interface Request {
  readonly raw?: Readable;
  body?: unknown;
}

const streamOf = (request: Request): Readable => request.raw ?? (request as Readable);

/** Has Fastify leave bodies unread, as Express does with those that no parser takes. */
function leaveUnread(nest: INestApplication): void {
  if (nest.getHttpAdapter().getType() === 'express') return;
  const server = (nest as NestFastifyApplication).getHttpAdapter().getInstance();
  server.addContentTypeParser('application/octet-stream', (_request, _payload, done) => done(null));
}

function post(body: RequestInit['body']): RequestInit {
  const headers = { 'content-type': 'application/octet-stream' };
  return { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
}

/** A body that comes in pieces. */
function inPieces(...pieces: string[]): ReadableStream<Uint8Array> {
  return Readable.toWeb(
    Readable.from(pieces.map((each) => Buffer.from(each))),
  ) as ReadableStream<Uint8Array>;
}

function listening(stream: Readable): Promise<string> {
  stream.setEncoding('utf8');
  return new Promise((resolve) => {
    let all = '';
    stream.on('data', (chunk: string) => (all += chunk));
    stream.on('end', () => resolve(all));
  });
}

async function iterating(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function untilTheLastByte(stream: Readable): Promise<string> {
  const length = Number(
    (stream as Readable & { headers: object & Record<string, string> }).headers['content-length'],
  );
  return new Promise((resolve) => {
    let all = '';
    stream.on('data', (chunk: Buffer) => {
      all += chunk.toString();
      if (all.length === length) resolve(all);
    });
  });
}

const WAYS: [string, (stream: Readable) => Promise<string>][] = [
  ['for await', iterating],
  ["on('data') and setEncoding()", listening],
  ['pipe()', (stream) => text(stream.pipe(new PassThrough()))],
  ['read()', reading],
];

function reading(stream: Readable): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    stream.on('readable', () => {
      for (let chunk: unknown; (chunk = stream.read()) !== null;) chunks.push(chunk as Buffer);
    });
    stream.on('end', () => resolve(Buffer.concat(chunks).toString()));
  });
}

/** Reads the body in this way in each of three passes, and keeps what each has read. */
function desk(read: (stream: Readable, pass: number) => unknown) {
  const seen: unknown[] = [];
  @Controller()
  class Desk {
    @Post()
    async page(@Req() request: Request, @Futures() futures: FuturesService) {
      const body = await read(streamOf(request), futures.pass);
      seen.push(body);
      const one = futures.resultOrSubmit('one', 0, () => 1);
      const two = one && futures.resultOrSubmit('two', 0, () => one + 1);
      return { two, length: String(body).length };
    }
  }
  return { controllers: [Desk], seen, setup: leaveUnread };
}

onEachAdapter('a body that the handler reads from the stream', (start) => {
  describe.each(REPLAY_MODES)("replay: '%s'", (replay) => {
    describe.each(WAYS)('by %s', (_, read) => {
      it('is there again in each pass', async () => {
        const { seen, ...options } = desk(read);
        const app = await start({ ...options, futures: { replay } });
        const response = await app.get('/', post('one, two, three'));
        expect(response).toMatchObject({ status: 201, body: { two: 2, length: 15 } });
        expect(seen).toEqual(Array.from({ length: 3 }, () => 'one, two, three'));
        expect(app.log.errors).toEqual([]);
      });

      it('is there again if it came in pieces and is just as long as what is kept', async () => {
        const piece = 'ÄÖ'.repeat(2 ** 15);
        const { seen, ...options } = desk(read);
        const app = await start({ ...options, futures: { replay } });
        const pieces = Array.from({ length: 8 }, () => piece);
        const { status, body } = await app.get('/', post(inPieces(...pieces)));
        expect([status, body]).toEqual([201, { two: 2, length: 2 ** 19 }]);
        expect(seen.map((each) => each === pieces.join(''))).toEqual([true, true, true]);
      });

      it('is an error, and no empty body, if it is longer than what is kept', async () => {
        const { seen, ...options } = desk(read);
        const app = await start({ ...options, futures: { replay } });
        const { status } = await app.get('/', post('x'.repeat(2 ** 20 + 1)));
        expect(status).toBe(500);
        expect(seen).toHaveLength(1);
        expect(app.log.errors).toEqual([
          expect.stringContaining(
            'cannot be read again in pass 2: an earlier pass read more of it',
          ),
        ]);
      });

      it('is streamed, and not kept, in a pass that leaves nothing pending', async () => {
        @Controller()
        class Desk {
          @Post()
          async page(@Req() request: Request, @Futures() _futures: FuturesService) {
            return { length: (await read(streamOf(request))).length };
          }
        }
        const app = await start({ controllers: [Desk], setup: leaveUnread, futures: { replay } });
        const body = 'x'.repeat(5 * 2 ** 20);
        expect((await app.get('/', post(body))).body).toEqual({ length: body.length });
      });
    });

    it('is complete after a pass that read half of it', async () => {
      const { seen, ...options } = desk(async (stream, pass) => {
        if (pass > 1) return iterating(stream);
        return new Promise((resolve) => {
          stream.once('data', (chunk: Buffer) => {
            stream.pause();
            resolve(chunk.length > 0);
          });
        });
      });
      const app = await start({ ...options, futures: { replay } });
      const body = 'half'.repeat(2 ** 16);
      expect((await app.get('/', post(body))).status).toBe(201);
      expect(seen.map((each) => each === body || each)).toEqual([true, true, true]);
    });

    it("is there after a pass that did not wait for the stream's end", async () => {
      const { seen, ...options } = desk(untilTheLastByte);
      const app = await start({ ...options, futures: { replay } });
      expect((await app.get('/', post('short'))).status).toBe(201);
      expect(seen).toEqual(['short', 'short', 'short']);
    });

    it('is there for the first pass that reads it', async () => {
      const { seen, ...options } = desk((stream, pass) => (pass < 3 ? '' : iterating(stream)));
      const app = await start({ ...options, futures: { replay } });
      expect((await app.get('/', post('late'))).body).toEqual({ two: 2, length: 4 });
      expect(seen).toEqual(['', '', 'late']);
    });

    it('is read once, however long, by a plain function that is a future', async () => {
      let reads = 0;
      @Controller()
      class Desk {
        @Post()
        page(@Req() request: Request, @Futures() futures: FuturesService) {
          const length = futures.resultOrSubmit('length', 0, async () => {
            reads++;
            return (await iterating(streamOf(request))).length;
          });
          return { length: futures.resultOrSubmit(`twice ${length}`, 0, () => length) };
        }
      }
      const app = await start({ controllers: [Desk], setup: leaveUnread, futures: { replay } });
      const body = 'x'.repeat(2 ** 21);
      expect((await app.get('/', post(body))).body).toEqual({ length: body.length });
      expect(reads).toBe(1);
    });

    it('is unchanged even if a pass modified its chunks', async () => {
      const { seen, ...options } = desk(async (stream) => {
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(chunk as Buffer);
        const all = chunks.map(String).join('');
        for (const chunk of chunks) chunk.fill('?');
        return all;
      });
      const app = await start({ ...options, futures: { replay } });
      await app.get('/', post('secret'));
      expect(seen).toEqual(['secret', 'secret', 'secret']);
    });

    it('is an error if an earlier pass took all listeners from the request', async () => {
      const { seen, ...options } = desk((stream, pass) => {
        if (pass === 1) stream.removeAllListeners();
        return iterating(stream);
      });
      const app = await start({ ...options, futures: { replay } });
      expect((await app.get('/', post('page'))).status).toBe(500);
      expect(seen).toEqual(['page']);
      expect(app.log.errors).toEqual([expect.stringContaining('removeAllListeners()')]);
    });

    it('is an error for a reader without an error listener, even if a middleware has one', async () => {
      const { seen, ...options } = desk(listening);
      const setup = (nest: INestApplication) => {
        leaveUnread(nest);
        nest.use((request: Readable, _response: unknown, next: () => void) => {
          request.on('error', () => {});
          next();
        });
      };
      const app = await start({ ...options, setup, futures: { replay } });
      expect((await app.get('/', post('x'.repeat(2 ** 20 + 1)))).status).toBe(500);
      expect(seen).toHaveLength(1);
    });

    it('can be sent back as it comes', async () => {
      @Controller()
      class Desk {
        @Post()
        page(@Req() request: Request, @Futures() futures: FuturesService) {
          futures.resultOrSubmit('one', 0, () => 1);
          return new StreamableFile(streamOf(request));
        }
      }
      const app = await start({ controllers: [Desk], setup: leaveUnread, futures: { replay } });
      expect(await app.get('/', post('echo'))).toMatchObject({ status: 201, text: 'echo' });
    });

    it('is there in the pass that strict adds', async () => {
      const { seen, ...options } = desk(iterating);
      const app = await start({ ...options, futures: { replay, strict: true } });
      expect((await app.get('/', post('page'))).body).toEqual({ two: 2, length: 4 });
      expect(seen).toEqual(['page', 'page', 'page', 'page']);
      expect(app.log.errors).toEqual([]);
    });

    it('leaves the connection usable for the next request', async () => {
      const { seen, ...options } = desk((stream, pass) => (pass < 3 ? iterating(stream) : ''));
      const app = await start({ ...options, futures: { replay } });
      const connections = new Set<unknown>();
      app.app.getHttpServer().on('connection', (socket: unknown) => connections.add(socket));
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const answers: string[] = [];
      for (const body of ['one', 'two', 'three']) {
        answers.push(
          await new Promise((resolve, reject) => {
            const headers = { 'content-type': 'application/octet-stream' };
            const sent = send(app.url, { method: 'POST', agent, headers }, (response) => {
              text(response).then(resolve, reject);
            });
            sent.on('error', reject);
            sent.end(body);
          }),
        );
      }
      agent.destroy();
      expect(answers).toEqual(Array.from({ length: 3 }, () => '{"two":2,"length":0}'));
      expect(seen.filter((each) => each !== '')).toEqual([
        'one',
        'one',
        'two',
        'two',
        'three',
        'three',
      ]);
      expect(connections.size).toBe(1);
    });

    it('may break off in any pass: nothing is answered, and the next request is served', async () => {
      const begun = [latch(), latch()];
      let failures = 0;
      @Controller()
      class Desk {
        @Post()
        async page(@Req() request: Request, @Futures() futures: FuturesService) {
          const stream = streamOf(request);
          const isFirst = !futures.isReplay;
          if (!isFirst || failures === 0) begun[futures.pass - 1]?.open();
          if (isFirst && failures > 0) return { one: futures.resultOrSubmit('one', 0, () => 1) };
          try {
            return { length: (await iterating(stream)).length };
          } catch {
            failures++;
            throw new Error('broke off');
          }
        }
        @Get()
        next() {
          return 'next';
        }
      }
      const app = await start({ controllers: [Desk], setup: leaveUnread, futures: { replay } });
      for (const each of begun) {
        const headers = { 'content-type': 'application/octet-stream', 'content-length': 100 };
        const sent = send(app.url, { method: 'POST', headers });
        sent.on('error', () => {});
        sent.write('half');
        await each.opened;
        sent.destroy();
        expect((await app.get('/')).text).toBe('next');
      }
      await app.close();
      expect(failures).toBe(2);
    });

    it('stays untouched if it was parsed, or if there is none', async () => {
      const counts: number[] = [];
      @Controller()
      class Desk {
        @Post()
        @Get()
        page(@Req() request: Request, @Futures() futures: FuturesService) {
          counts.push(streamOf(request).listenerCount('data'));
          return { one: futures.resultOrSubmit('one', 0, () => 1) };
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      const headers = { 'content-type': 'application/json' };
      await app.get('/', { method: 'POST', headers, body: '{"a":1}' });
      await app.get('/', { method: 'POST' });
      expect(counts).toEqual([0, 0, 0, 0]);
    });
  });

  it("is an error with replay: 'request' if a guard, which is replayed, read it", async () => {
    const seen: string[] = [];
    @Injectable()
    class Signed implements CanActivate {
      async canActivate(context: ExecutionContext) {
        seen.push(await iterating(streamOf(context.switchToHttp().getRequest())));
        return true;
      }
    }
    const { seen: read, ...options } = desk(() => 'not');
    UseGuards(Signed)(options.controllers[0] as never);
    const app = await start({ ...options, futures: { replay: 'request' } });
    expect((await app.get('/', post('page'))).status).toBe(500);
    expect([seen, read]).toEqual([['page'], ['not']]);
    expect(app.log.errors).toEqual([expect.stringContaining('a guard or a middleware read it')]);
  });
});

/** Unpacks bodies before Fastify parses them, and leaves the stream as the parsed body. */
function leaveAsStream(nest: INestApplication): void {
  const server = (nest as NestFastifyApplication).getHttpAdapter().getInstance();
  server.addHook('preParsing', async (_request, _reply, payload) =>
    payload.pipe(new PassThrough()),
  );
  server.addContentTypeParser('application/octet-stream', (_request, payload, done) => {
    done(null, payload);
  });
}

describe.each(REPLAY_MODES)("a stream that Fastify took for the parsed body ('%s')", (replay) => {
  const run = (read: (stream: Readable, pass: number) => Promise<string>) => {
    const seen: string[] = [];
    @Controller()
    class Desk {
      @Post()
      async page(@Body() body: Readable, @Futures() futures: FuturesService) {
        const all = await read(body, futures.pass);
        seen.push(all);
        const one = futures.resultOrSubmit('one', 0, () => 1);
        const two = one && futures.resultOrSubmit('two', 0, () => one + 1);
        return { two, length: all.length };
      }
    }
    const options = { controllers: [Desk], setup: leaveAsStream, futures: { replay } };
    return startApp('fastify', options).then((app) => ({ app, seen }));
  };

  it.each([4, 2 ** 20])('is there again in each pass, %i bytes long', async (length) => {
    const { app, seen } = await run(iterating);
    const { status, body } = await app.get('/', post('x'.repeat(length)));
    expect([status, body]).toEqual([201, { two: 2, length }]);
    expect(seen.map((each) => each.length)).toEqual([length, length, length]);
  });

  it('is complete after a pass that read half of it', async () => {
    const { app, seen } = await run(async (stream, pass) => {
      if (pass > 1) return iterating(stream);
      await new Promise((resolve) => stream.once('data', resolve));
      stream.pause();
      return '';
    });
    const length = 2 ** 19;
    const { status, body } = await app.get('/', post('x'.repeat(length)));
    expect(app.log.errors).toEqual([]);
    expect([status, body]).toEqual([201, { two: 2, length }]);
    expect(seen.map((each) => each.length)).toEqual([0, length, length]);
  });

  it('is an error if it is longer than what is kept', async () => {
    const { app, seen } = await run(iterating);
    expect((await app.get('/', post('x'.repeat(2 ** 21)))).status).toBe(500);
    expect(seen).toHaveLength(1);
  });
});
