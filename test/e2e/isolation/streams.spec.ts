import { once } from 'node:events';
import { createReadStream, type ReadStream } from 'node:fs';
import { PassThrough, pipeline, Readable } from 'node:stream';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  StreamableFile,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { map, of } from 'rxjs';
import { Futures, FuturesService } from '../../../src/index.js';
import { onEachAdapter } from '../../support/app.js';
import { REPLAY_MODES } from '../../support/interceptor-places.js';
import { openHandles, temporaryFile } from '../../support/open-files.js';

/** A file of 1 MB: more than any buffer on the way, so that it stays open until it is read. */
const PAGE = 'page '.repeat(200_000);

/** What Nest sends as a stream, made of a file that is being read. */
const bodies: [string, (file: ReadStream) => unknown][] = [
  ['StreamableFile', (file) => new StreamableFile(file)],
  ['Node stream', (file) => file],
  ['Node stream at the end of a pipeline', (file) => pipeline(file, new PassThrough(), () => {})],
  ['web stream', (file) => Readable.toWeb(file)],
  ['web Response', (file) => new Response(Readable.toWeb(file) as ReadableStream)],
  ['async iterable', (file) => ({ [Symbol.asyncIterator]: () => reading(file) })],
  ['async generator that has begun', begun],
  ['Observable of a StreamableFile', (file) => of(new StreamableFile(file))],
];

/** An iterator that holds the file, begun or not. */
function reading(file: ReadStream): AsyncIterator<unknown> {
  const iterator = file.iterator();
  return {
    next: () => iterator.next(),
    return: async () => {
      file.destroy();
      return { done: true, value: undefined };
    },
  };
}

/** A generator that waits in the middle of its work. */
async function begun(file: ReadStream): Promise<AsyncIterable<unknown>> {
  async function* chunks() {
    try {
      yield '';
      for await (const chunk of file) yield chunk as unknown;
    } finally {
      file.destroy();
    }
  }
  const iterator = chunks();
  await iterator.next();
  return iterator;
}

/** Waits until the file is closed; not if nothing is about to close it. */
async function closing(file: ReadStream): Promise<void> {
  // What destroys it by way of another stream needs some turns.
  for (let turn = 0; turn < 100 && !file.destroyed; turn++) await new Promise(setImmediate);
  if (file.destroyed && !file.closed)
    await new Promise<void>((resolve) => file.once('close', () => resolve()));
}

onEachAdapter('a stream that a handler returns', (start) => {
  describe.each(REPLAY_MODES)("replay: '%s'", (replay) => {
    it.each(bodies)('(%s) is destroyed with its pass, the last one is sent', async (_, make) => {
      const path = temporaryFile(PAGE);
      const files: ReadStream[] = [];
      const whileTasksRan: unknown[] = [];
      @Controller()
      class Desk {
        @Get()
        async page(@Futures() futures: FuturesService) {
          const file = createReadStream(path);
          files.push(file);
          await once(file, 'open');
          futures.resultOrSubmit('x', '', async () => {
            await closing(file);
            whileTasksRan.push([file.destroyed, openHandles(path)]);
          });
          return make(file);
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      const { status, text } = await app.get('/');
      expect([...app.log.errors, status, text.length]).toEqual([200, PAGE.length]);
      expect(whileTasksRan).toEqual([[true, 0]]);
      expect(files).toHaveLength(2);
      await closing(files[1] as ReadStream);
      expect(openHandles(path)).toBe(0);
    });

    it('may fail to open after its pass is discarded, and nobody minds', async () => {
      const path = temporaryFile(PAGE);
      @Controller()
      class Desk {
        @Get()
        page(@Futures() futures: FuturesService) {
          futures.resultOrSubmit('x', '', () => {});
          return createReadStream(futures.isReplay ? path : `${path}.missing`);
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      expect((await app.get('/')).text).toHaveLength(PAGE.length);
      expect(app.log.errors).toEqual([]);
    });

    it('is destroyed if an interceptor is what waits for a future', async () => {
      const path = temporaryFile(PAGE);
      const files: ReadStream[] = [];
      const whileTasksRan: unknown[] = [];
      @Injectable()
      class Waiting implements NestInterceptor {
        constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
        intercept(_context: ExecutionContext, next: CallHandler) {
          return next.handle().pipe(
            map((value: unknown) => {
              this.futures.resultOrSubmit('x', '', () => whileTasksRan.push(files[0]?.destroyed));
              return value;
            }),
          );
        }
      }
      @Controller()
      class Desk {
        @Get()
        @UseInterceptors(Waiting)
        async page() {
          const file = createReadStream(path);
          files.push(file);
          await once(file, 'open');
          return new StreamableFile(file);
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      expect((await app.get('/')).text).toHaveLength(PAGE.length);
      expect(whileTasksRan).toEqual([true]);
    });
  });
});
