import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Controller,
  Inject,
  Injectable,
  ParseFilePipe,
  Post,
  Req,
  UnprocessableEntityException,
  UploadedFile,
  UseInterceptors,
  type CallHandler,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import multipart from '@fastify/multipart';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Futures, FuturesService, taskFile } from '../../src/index.js';
import { startApp } from '../support/app.js';
import { REPLAY_MODES } from '../support/interceptor-places.js';
import { latch } from '../support/latch.js';
import {
  contentsOf,
  filesOf,
  form,
  UPLOAD_INTERCEPTORS,
  uploadInterceptor,
  uploadStore,
  type StoredFile,
  type UploadRequest,
} from '../support/uploads.js';

const data = taskFile<typeof import('../fixtures/data.tasks.js')>(
  new URL('../fixtures/data.tasks.js', import.meta.url),
);

const ADAPTERS_AND_MODES = (['express', 'fastify'] as const).flatMap((adapter) =>
  REPLAY_MODES.map((replay) => [adapter, replay] as const),
);
const INTERCEPTORS_AND_STORAGES = UPLOAD_INTERCEPTORS.flatMap((name) =>
  (['memory', 'disk'] as const).map((storage) => [name, storage] as const),
);

describe.each(ADAPTERS_AND_MODES)(
  "an upload to a replayed route (%s, replay: '%s')",
  (adapter, replay) => {
    it.each(INTERCEPTORS_AND_STORAGES)(
      'that %s took to %s is stored once, and each pass has its files and fields',
      async (name, kind) => {
        const store = uploadStore(adapter, kind);
        const seen: unknown[] = [];
        @Controller()
        class Desk {
          @Post()
          @UseInterceptors(uploadInterceptor(adapter, name, store.storage))
          upload(@Req() request: UploadRequest, @Futures() futures: FuturesService) {
            const contents = contentsOf(request);
            seen.push([{ ...request.body }, contents]);
            const length = futures.resultOrSubmit('length', 0, () => contents.join('').length);
            return { twice: length && futures.resultOrSubmit('twice', 0, () => length * 2) };
          }
        }
        const app = await startApp(adapter, { controllers: [Desk], futures: { replay } });
        const sent = name === 'FileInterceptor' ? ['one'] : ['one', 'three'];
        const response = await app.get('/', form(...sent));
        expect(response).toMatchObject({ status: 201, body: { twice: sent.join('').length * 2 } });
        expect(seen).toEqual(Array.from({ length: 3 }, () => [{ title: 'Ledger' }, sent]));
        await app.close();
        expect(store.counts).toEqual({ stored: sent.length, removed: 0 });
        if (kind === 'disk') expect(readdirSync(store.folder)).toHaveLength(sent.length);
        expect(app.log.errors).toEqual([]);
      },
    );

    it('goes through pipes again in each pass', async () => {
      const store = uploadStore(adapter, 'disk');
      @Controller()
      class Desk {
        @Post()
        @UseInterceptors(uploadInterceptor(adapter, 'FileInterceptor', store.storage))
        upload(
          @UploadedFile(new ParseFilePipe({ fileIsRequired: true })) file: StoredFile,
          @Futures() futures: FuturesService,
        ) {
          const read = () => readFileSync(file.path ?? '', 'utf8');
          return { text: futures.resultOrSubmit('text', '', read) };
        }
      }
      const app = await startApp(adapter, { controllers: [Desk], futures: { replay } });
      expect(await app.get('/', form('page'))).toMatchObject({
        status: 201,
        body: { text: 'page' },
      });
      await app.close();
      expect(store.counts.stored).toBe(1);
    });

    it('is kept if a pipe was what waited for a future', async () => {
      const store = uploadStore(adapter, 'disk');
      @Injectable()
      class Scanned implements PipeTransform<StoredFile> {
        constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
        transform(file: StoredFile) {
          this.futures.resultOrSubmit('scan', '', () => 'clean');
          this.futures.barrier();
          return file;
        }
      }
      @Controller()
      class Desk {
        @Post()
        @UseInterceptors(uploadInterceptor(adapter, 'FileInterceptor', store.storage))
        upload(@UploadedFile(Scanned) file: StoredFile) {
          return { text: readFileSync(file.path ?? '', 'utf8') };
        }
      }
      const app = await startApp(adapter, { controllers: [Desk], futures: { replay } });
      expect(await app.get('/', form('page'))).toMatchObject({
        status: 201,
        body: { text: 'page' },
      });
      await app.close();
      const [kept = ''] = readdirSync(store.folder);
      expect(store.counts.removed).toBe(0);
      expect(readFileSync(join(store.folder, kept), 'utf8')).toBe('page');
    });

    it('is stored by the first pass that comes to it', async () => {
      const store = uploadStore(adapter, 'disk');
      @Injectable()
      class Quota implements NestInterceptor {
        constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
        intercept(_context: unknown, next: CallHandler) {
          this.futures.resultOrSubmit('quota', 0, () => 1);
          this.futures.barrier();
          return next.handle();
        }
      }
      @Controller()
      class Desk {
        @Post()
        @UseInterceptors(Quota, uploadInterceptor(adapter, 'FileInterceptor', store.storage))
        upload(@Req() request: UploadRequest, @Futures() futures: FuturesService) {
          const contents = contentsOf(request);
          return { contents: futures.resultOrSubmit('contents', [''], () => contents) };
        }
      }
      const app = await startApp(adapter, { controllers: [Desk], futures: { replay } });
      expect(await app.get('/', form('page'))).toMatchObject({
        status: 201,
        body: { contents: ['page'] },
      });
      await app.close();
      expect(store.counts).toEqual({ stored: 1, removed: 0 });
    });

    it.each(UPLOAD_INTERCEPTORS)(
      'that %s took to memory keeps its content, though a transferList moves it to a worker',
      async (name) => {
        const store = uploadStore(adapter, 'memory');
        const seen: unknown[] = [];
        @Controller()
        class Desk {
          @Post()
          @UseInterceptors(uploadInterceptor(adapter, name, store.storage))
          upload(@Req() request: UploadRequest, @Futures() futures: FuturesService) {
            const [file] = filesOf(request);
            const memory = file?.buffer ?? Buffer.of();
            seen.push(contentsOf(request).map((each) => each.length));
            const moving = futures.using({ transferList: [memory.buffer as ArrayBuffer] });
            return { size: moving.resultOrSubmit('size', 0, data.sizeOf, memory as never) };
          }
        }
        const app = await startApp(adapter, { controllers: [Desk], futures: { replay } });
        const length = 2 ** 17;
        expect(await app.get('/', form('x'.repeat(length)))).toMatchObject({
          status: 201,
          body: { size: length },
        });
        expect(seen).toEqual([[length], [length]]);
      },
    );

    // Nest for Fastify removes only what the very pass that failed has stored.
    const [fate, removed] =
      adapter === 'express' ? ['is removed once', 1] : ['is left in place', 0];
    it(`${fate} if a pipe rejects it in the last pass`, async () => {
      const store = uploadStore(adapter, 'disk');
      @Injectable()
      class Scanned implements PipeTransform<StoredFile> {
        constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
        transform(file: StoredFile) {
          const verdict = this.futures.resultOrSubmit('scan', '', () => 'infected');
          this.futures.barrier();
          if (verdict !== 'clean') throw new UnprocessableEntityException(verdict);
          return file;
        }
      }
      @Controller()
      class Desk {
        @Post()
        @UseInterceptors(uploadInterceptor(adapter, 'FileInterceptor', store.storage))
        upload(@UploadedFile(Scanned) file: StoredFile) {
          return { file };
        }
      }
      const app = await startApp(adapter, { controllers: [Desk], futures: { replay } });
      expect(await app.get('/', form('page'))).toMatchObject({ status: 422 });
      await app.close();
      expect(store.counts.removed).toBe(removed);
    });
  },
);

describe.each(REPLAY_MODES)(
  "@fastify/multipart with attachFieldsToBody (replay: '%s')",
  (replay) => {
    it.each([true, 'keyValues'] as const)(
      '%s: parses once, and each pass has the fields',
      async (attach) => {
        const seen: unknown[] = [];
        @Controller()
        class Desk {
          @Post()
          async upload(@Req() request: Request, @Futures() futures: FuturesService) {
            const { title, scan } = request.body;
            seen.push([
              request.isMultipart(),
              typeof title === 'object' ? title.value : title,
              Buffer.isBuffer(scan) ? scan.toString() : await scan.toBuffer().then(String),
            ]);
            const one = futures.resultOrSubmit('one', 0, () => 1);
            return { two: one && futures.resultOrSubmit('two', 0, () => one + 1) };
          }
        }
        let parsed = 0;
        const app = await startApp('fastify', {
          controllers: [Desk],
          futures: { replay },
          setup: async (nest) => {
            await (nest as NestFastifyApplication).register(multipart, {
              attachFieldsToBody: attach,
            });
            (nest as NestFastifyApplication)
              .getHttpAdapter()
              .getInstance()
              .addHook('preParsing', async () => void parsed++);
          },
        });
        expect(await app.get('/', form('page'))).toMatchObject({ status: 201, body: { two: 2 } });
        expect(seen).toEqual(Array.from({ length: 3 }, () => [true, 'Ledger', 'page']));
        expect(parsed).toBe(1);
      },
    );
  },
);

/** What attachFieldsToBody makes of a form. */
interface Request {
  readonly body: {
    readonly title: string | { readonly value: string };
    readonly scan: Buffer | { toBuffer(): Promise<Buffer> };
  };
  isMultipart(): boolean;
}

/** What @fastify/multipart lets a handler call. */
interface MultipartRequest {
  file(): Promise<Part>;
  files(): AsyncIterable<Part>;
  parts(): AsyncIterable<Part & { readonly value?: string }>;
  saveRequestFiles(): Promise<{ files: { filepath: string }[] }>;
}

interface Part {
  readonly file?: unknown;
  toBuffer(): Promise<Buffer>;
}

const READERS: [string, (request: MultipartRequest) => Promise<unknown>, unknown][] = [
  ['file()', async (request) => String(await (await request.file()).toBuffer()), 'one'],
  [
    'files()',
    async (request) => {
      const all: string[] = [];
      for await (const part of request.files()) all.push(String(await part.toBuffer()));
      return all;
    },
    ['one', 'two'],
  ],
  [
    'parts()',
    async (request) => {
      const all: unknown[] = [];
      for await (const part of request.parts()) {
        all.push(part.file === undefined ? part.value : String(await part.toBuffer()));
      }
      return all;
    },
    ['Ledger', 'one', 'two'],
  ],
  [
    'saveRequestFiles()',
    async (request) => {
      const { files } = await request.saveRequestFiles();
      return files.map(({ filepath }) => readFileSync(filepath, 'utf8'));
    },
    ['one', 'two'],
  ],
];

describe.each(REPLAY_MODES)(
  "@fastify/multipart, called by the handler (replay: '%s')",
  (replay) => {
    const useMultipart = async (nest: INestApplication): Promise<void> => {
      await (nest as NestFastifyApplication).register(multipart);
    };

    it.each(READERS)('gives each pass the whole form: %s', async (_, read, expected) => {
      const seen: unknown[] = [];
      @Controller()
      class Desk {
        @Post()
        async upload(@Req() request: MultipartRequest, @Futures() futures: FuturesService) {
          const found = await read(request);
          seen.push(found);
          const one = futures.resultOrSubmit('one', 0, () => 1);
          const two = one && futures.resultOrSubmit('two', 0, () => one + 1);
          return { two, found };
        }
      }
      const app = await startApp('fastify', {
        controllers: [Desk],
        futures: { replay },
        setup: useMultipart,
      });
      const response = await app.get('/', form('one', 'two'));
      expect(response).toMatchObject({ status: 201, body: { two: 2, found: expected } });
      expect(seen).toEqual([expected, expected, expected]);
      expect(app.log.errors).toEqual([]);
    });

    it('removes the files that saveRequestFiles() saved, whichever pass called it', async () => {
      const saved: string[] = [];
      const removed = latch();
      @Controller()
      class Desk {
        @Post()
        async upload(@Req() request: MultipartRequest, @Futures() futures: FuturesService) {
          const one = futures.resultOrSubmit('one', 0, () => 1);
          if (!futures.isReplay) return {};
          const { files } = await request.saveRequestFiles();
          saved.push(...files.map(({ filepath }) => filepath));
          return { two: one && futures.resultOrSubmit('two', 0, () => one + 1) };
        }
      }
      const app = await startApp('fastify', {
        controllers: [Desk],
        futures: { replay },
        setup: async (nest) => {
          await useMultipart(nest);
          (nest as NestFastifyApplication)
            .getHttpAdapter()
            .getInstance()
            .addHook('onResponse', async () => removed.open());
        },
      });
      expect(await app.get('/', form('one'))).toMatchObject({ status: 201, body: { two: 2 } });
      await removed.opened;
      expect(saved).toHaveLength(2);
      expect(new Set(saved).size).toBe(1);
      expect(saved.filter((path) => existsSync(path))).toEqual([]);
    });

    it('fails, instead of finding an empty form, if the form is longer than what is kept', async () => {
      const seen: number[] = [];
      @Controller()
      class Desk {
        @Post()
        async upload(@Req() request: MultipartRequest, @Futures() futures: FuturesService) {
          let length = 0;
          for await (const part of request.files()) length += (await part.toBuffer()).length;
          seen.push(length);
          return { length, one: futures.resultOrSubmit('one', 0, () => 1) };
        }
      }
      const app = await startApp('fastify', {
        controllers: [Desk],
        futures: { replay },
        setup: async (nest) => {
          const limits = { fileSize: 2 ** 24 };
          await (nest as NestFastifyApplication).register(multipart, { limits });
        },
      });
      expect((await app.get('/', form('x'.repeat(2 ** 21)))).status).toBe(500);
      expect(seen).toEqual([2 ** 21]);
      expect(app.log.errors).toEqual([expect.stringContaining('cannot be read again in pass 2')]);
    });
  },
);
