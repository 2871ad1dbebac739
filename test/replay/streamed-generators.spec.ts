import { once } from 'node:events';
import { connect } from 'node:net';
import {
  Controller,
  Get,
  Header,
  Inject,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { map } from 'rxjs';
import { Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter, type TestApp } from '../support/app.js';
import { REPLAY_MODES } from '../support/interceptor-places.js';
import { latch } from '../support/latch.js';
import { observer } from '../support/observer.js';
import { tasks } from '../support/tasks.js';

/** What the client has received, and whether the stream broke off. */
async function read(app: TestApp, path: string): Promise<{ text: string; isBroken: boolean }> {
  const response = await fetch(app.url + path, { signal: AbortSignal.timeout(10_000) });
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
    }
  } catch {
    return { text, isBroken: true };
  }
  return { text, isBroken: false };
}

onEachAdapter('an async generator as a handler', (start) => {
  describe.each(REPLAY_MODES)("replay: '%s'", (replay) => {
    it('that asks before its first chunk is discarded as a whole, then streamed', async () => {
      const order: string[] = [];
      @Controller()
      class Desk {
        @Get()
        @Header('content-type', 'text/plain')
        async *page(@Futures() futures: FuturesService) {
          order.push(`pass ${futures.pass} begins`);
          try {
            const x = futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value');
            await Promise.resolve();
            yield `${x} `;
            yield 'second ';
            yield 'third';
            order.push(`pass ${futures.pass} is read`);
          } finally {
            order.push(`pass ${futures.pass} ends`);
          }
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      expect(await read(app, '/')).toEqual({ text: 'value second third', isBroken: false });
      expect(order).toEqual([
        'pass 1 begins',
        'pass 1 ends',
        'pass 2 begins',
        'pass 2 is read',
        'pass 2 ends',
      ]);
      expect(app.log.errors).toEqual([]);
    });

    it('that ends its pass by barrier() or result() is streamed by the next pass', async () => {
      @Controller()
      class Desk {
        @Get('barrier')
        async *barrier(@Futures() futures: FuturesService) {
          const x = futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value');
          futures.barrier();
          const y = futures.resultOrSubmit('y', 'placeholder', tasks.echo, `${x} and`);
          futures.barrier();
          yield `${y} more`;
        }
        @Get('result')
        async *result(@Futures() futures: FuturesService) {
          if (!futures.isReplay) futures.submit('x', tasks.echo, 'value');
          yield futures.result('x');
        }
        @Get('fails')
        async *fails(@Futures() futures: FuturesService) {
          yield futures.resultOrSubmit('x', '', tasks.fail, 'no paper');
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      expect(await read(app, '/barrier')).toEqual({ text: 'value and more', isBroken: false });
      expect(await read(app, '/result')).toEqual({ text: 'value', isBroken: false });
      expect(await app.get('/fails')).toMatchObject({ status: 500 });
      expect(app.log.errors).toHaveLength(1);
    });

    it('that asks after its first chunk breaks off, and the log says why', async () => {
      @Controller()
      class Desk {
        @Get()
        async *page(@Futures() futures: FuturesService) {
          yield 'first';
          // What is sent must be on its way before the stream breaks.
          await new Promise(setImmediate);
          yield futures.resultOrSubmit('late', 'placeholder', tasks.echo, 'value');
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      const { text, isBroken } = await read(app, '/');
      expect(isBroken).toBe(true);
      expect(text).not.toContain('placeholder');
      expect(app.log.errors.join()).toMatch(/"late".*before its first chunk/);
    });

    it('shows the interceptors around it a failed run, and then the stream', async () => {
      const order: string[] = [];
      @Controller()
      @UseInterceptors(observer('outer', order), observer('inner', order))
      class Desk {
        @Get()
        async *page(@Futures() futures: FuturesService) {
          yield futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value');
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      expect(await read(app, '/')).toEqual({ text: 'value', isBroken: false });
      expect(order).toEqual([
        'inner PassDiscardedError',
        'outer PassDiscardedError',
        'inner value',
        'outer value',
      ]);
    });

    it('may be replaced by a generator of an interceptor, which may submit too', async () => {
      const upperCase: NestInterceptor = {
        intercept: (_context: ExecutionContext, next: CallHandler) =>
          next.handle().pipe(
            map((body: AsyncIterable<string>) =>
              (async function* () {
                for await (const chunk of body) yield chunk.toUpperCase();
              })(),
            ),
          ),
      };
      @Controller()
      class Desk {
        @Get()
        @UseInterceptors(upperCase)
        async *page(@Futures() futures: FuturesService) {
          yield futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value');
          yield ' and more';
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      expect(await read(app, '/')).toEqual({ text: 'VALUE AND MORE', isBroken: false });
    });

    it('is stopped if nobody reads it to its end', async () => {
      const stopped = latch();
      @Controller()
      class Desk {
        @Get()
        async *page(@Futures() futures: FuturesService) {
          try {
            const x = futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value');
            for (;;) {
              yield x;
              await new Promise(setImmediate);
            }
          } finally {
            if (futures.isReplay) stopped.open();
          }
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      const { hostname, port } = new URL(app.url);
      const socket = connect({ host: hostname, port: Number(port) });
      socket.write(`GET / HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
      await once(socket, 'data');
      socket.destroy();
      await stopped.opened;
    });

    it('has an empty body if it ends before its first chunk', async () => {
      @Controller()
      class Desk {
        @Get()
        async *page(@Futures() futures: FuturesService) {
          const rows = futures.resultOrSubmit('rows', ['placeholder'], () => [] as string[]);
          yield* rows;
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      expect(await read(app, '/')).toEqual({ text: '', isBroken: false });
    });

    it('finds its request by the async context in each pass, with scope singleton', async () => {
      @Controller()
      class Desk {
        constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
        @Get()
        async *page() {
          await Promise.resolve();
          yield this.futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value');
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay, scope: 'singleton' } });
      expect(await read(app, '/')).toEqual({ text: 'value', isBroken: false });
    });

    it('is as safe to replay as any handler, with strict', async () => {
      @Controller()
      class Desk {
        @Get()
        async *page(@Futures() futures: FuturesService) {
          yield futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value');
          yield ' and more';
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay, strict: true } });
      expect(await read(app, '/')).toEqual({ text: 'value and more', isBroken: false });
      expect(app.log.errors).toEqual([]);
    });
  });

  it('is streamed as in plain Nest if it asks for nothing', async () => {
    class Desk {
      async *page() {
        yield { row: 1 };
        yield { row: 2 };
      }
    }
    @Controller('plain')
    class Plain extends Desk {
      @Get()
      override page() {
        return super.page();
      }
    }
    @Controller('futures')
    class Replayed extends Desk {
      @Get()
      asked(@Futures() _futures: FuturesService) {
        return super.page();
      }
    }
    const app = await start({ controllers: [Plain, Replayed] });
    const plain = await app.get('/plain');
    const replayed = await app.get('/futures');
    expect(plain.text).toBe('{"row":1}\n{"row":2}\n');
    expect(replayed.text).toBe(plain.text);
    expect(replayed.headers.get('content-type')).toBe(plain.headers.get('content-type'));
  });
});
