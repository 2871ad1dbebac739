import {
  Controller,
  Get,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import * as router from '@nestjs/core/router/router-execution-context.js';
import { SpanStatusCode } from '@opentelemetry/api';
import type { ExportResult } from '@opentelemetry/core';
import { NestInstrumentation } from '@opentelemetry/instrumentation-nestjs-core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import * as Sentry from '@sentry/nestjs';
import { SentryGlobalFilter, SentryModule } from '@sentry/nestjs/setup';
import { tap } from 'rxjs';
import { Futures, FuturesService, isPassDiscarded, type ReplayMode } from '../../../src/index.js';
import { onEachAdapter, type AppOptions } from '../../support/app.js';

const modes: ReplayMode[] = ['handler', 'request'];

function desk(): Type {
  @Controller()
  class Desk {
    @Get()
    page(@Futures() futures: FuturesService) {
      return { x: futures.resultOrSubmit('x', 0, () => 1) };
    }
    @Get('barrier')
    barrier(@Futures() futures: FuturesService) {
      const x = futures.resultOrSubmit('x', 0, () => 1);
      futures.barrier();
      return { x };
    }
    @Get('fails')
    fails(@Futures() futures: FuturesService) {
      futures.resultOrSubmit('x', 0, () => 1);
      futures.barrier();
      throw new Error('broken');
    }
  }
  return Desk;
}

onEachAdapter("Sentry's Nest SDK", (start) => {
  const reported: (string | undefined)[] = [];
  beforeEach(() => {
    reported.length = 0;
    Sentry.init({
      // Nothing is sent: the transport keeps what it is given.
      dsn: 'http://key@127.0.0.1:9/1',
      transport: () => ({
        send: ([, items]) => {
          for (const [, payload] of items) {
            const { exception } = payload as { exception?: { values?: { value?: string }[] } };
            if (exception !== undefined) reported.push(exception.values?.at(-1)?.value);
          }
          return Promise.resolve({});
        },
        flush: () => Promise.resolve(true),
      }),
      defaultIntegrations: false,
      skipOpenTelemetrySetup: true,
      // The recipe of docs/isolation.md.
      beforeSend: (event, hint) => (isPassDiscarded(hint.originalException) ? null : event),
    });
  });
  afterEach(() => Sentry.close(1_000));

  /** Reports what it sees, as apps that do without the filter of Sentry. */
  const reporting: NestInterceptor = {
    intercept: (_context: ExecutionContext, next: CallHandler) =>
      next.handle().pipe(tap({ error: (error) => Sentry.captureException(error) })),
  };
  const places: [string, Partial<AppOptions>][] = [
    ['filter', { providers: [{ provide: APP_FILTER, useClass: SentryGlobalFilter }] }],
    ['own interceptor', { setup: (app) => app.useGlobalInterceptors(reporting) }],
  ];
  it.each(places.flatMap(([name, options]) => modes.map((mode) => [name, mode, options] as const)))(
    'reports failed requests alone, by its %s and the recipe (replay: %s)',
    async (_, replay, options) => {
      const app = await start({
        controllers: [desk()],
        futures: { replay },
        imports: [SentryModule.forRoot()],
        ...options,
      });
      for (const path of ['/', '/barrier']) {
        expect(await app.get(path)).toMatchObject({ status: 200, body: { x: 1 } });
      }
      expect((await app.get('/fails')).status).toBe(500);
      await Sentry.flush(5_000);
      expect(reported).toEqual(['broken']);
    },
  );
});

/** As docs/isolation.md has it: exports the spans of discarded passes as what they are, no errors. */
class DiscardedPasses implements SpanExporter {
  constructor(private readonly exporter: SpanExporter) {}

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.exporter.export(spans.map(withoutDiscard), done);
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }
}

function withoutDiscard(span: ReadableSpan): ReadableSpan {
  const events = span.events.filter(
    ({ attributes }) => attributes?.['exception.type'] !== 'ERR_FUTURES_PASS_DISCARDED',
  );
  if (events.length === span.events.length) return span;
  return Object.create(span, {
    events: { value: events },
    status: { value: { code: SpanStatusCode.UNSET } },
  }) as ReadableSpan;
}

onEachAdapter("OpenTelemetry's Nest instrumentation", (start) => {
  interface Patchable {
    init(): { files: { patch(module: object): unknown; unpatch(module: object): void }[] };
  }
  let memory: InMemorySpanExporter;
  let undo: () => void;

  function trace(wrap: (exporter: SpanExporter) => SpanExporter): void {
    memory = new InMemorySpanExporter();
    const tracerProvider = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(wrap(memory))],
    });
    const instrumentation = new NestInstrumentation({ enabled: false });
    instrumentation.setTracerProvider(tracerProvider);
    // Its hooks into the module loader do not see what Jest loads, so its patch is applied here.
    const file = (instrumentation as unknown as Patchable).init().files[1];
    file?.patch(router);
    undo = () => file?.unpatch(router);
  }
  afterEach(() => undo());

  const failed = () =>
    memory
      .getFinishedSpans()
      .filter(({ status }) => status.code === SpanStatusCode.ERROR)
      .map(({ name, status }) => `${name}: ${status.message}`);

  it('marks the span of a handler as failed that barrier() ended', async () => {
    trace((exporter) => exporter);
    const app = await start({ controllers: [desk()] });
    expect(await app.get('/barrier')).toMatchObject({ status: 200, body: { x: 1 } });
    expect(failed()).toEqual([expect.stringMatching(/^barrier: Pass 1 is discarded/)]);
  });

  const globals: [string, Partial<AppOptions>][] = [
    ['without global interceptors', {}],
    [
      'with a global interceptor',
      {
        setup: (app) => app.useGlobalInterceptors({ intercept: (_context, next) => next.handle() }),
      },
    ],
  ];
  it.each(
    globals.flatMap(([name, options]) => modes.map((mode) => [name, mode, options] as const)),
  )(
    'marks spans of failed requests alone, with the recipe, %s (replay: %s)',
    async (_, replay, options) => {
      trace((exporter) => new DiscardedPasses(exporter));
      const app = await start({ controllers: [desk()], futures: { replay }, ...options });
      for (const path of ['/', '/barrier']) {
        expect(await app.get(path)).toMatchObject({ status: 200, body: { x: 1 } });
      }
      const names = memory.getFinishedSpans().map(({ name }) => name);
      expect(names.filter((name) => name === 'page')).toHaveLength(2);
      expect(names.filter((name) => name === 'barrier')).toHaveLength(2);
      expect(failed()).toEqual([]);
      expect((await app.get('/fails')).status).toBe(500);
      expect(failed()).toContain('fails: broken');
      expect(failed().join()).not.toContain('is discarded');
    },
  );
});
