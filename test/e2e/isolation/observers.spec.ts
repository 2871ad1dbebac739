import {
  ConflictException,
  Controller,
  Get,
  Injectable,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { LoggerErrorInterceptor, LoggerModule } from 'nestjs-pino';
import { catchError, tap, throwError, type Observable } from 'rxjs';
import {
  Future,
  Futures,
  FuturesService,
  PassDiscardedError,
  isPassDiscarded,
  passOf,
  type ReplayMode,
} from '../../../src/index.js';
import { onEachAdapter } from '../../support/app.js';
import { latch } from '../../support/latch.js';

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
      if (futures.isReplay) throw new Error('broken');
    }
    @Get('declared')
    declared(@Future('x', { task: () => 1 }) x: number) {
      return { x };
    }
    @Get('plain')
    plain() {
      return { x: 1 };
    }
  }
  return Desk;
}

describe('isPassDiscarded()', () => {
  it('recognizes the error of a discarded pass, and nothing else', () => {
    const discarded = new PassDiscardedError(1);
    expect(isPassDiscarded(discarded)).toBe(true);
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    for (const other of [
      new Error('x'),
      { code: discarded.code },
      null,
      undefined,
      'x',
      revoked.proxy,
    ]) {
      expect(isPassDiscarded(other)).toBe(false);
    }
  });

  it('does not recognize an error that only wraps one', () => {
    const wrapped = new Error('cannot save', { cause: new PassDiscardedError(1) });
    expect(isPassDiscarded(wrapped)).toBe(false);
    expect(isPassDiscarded(wrapped.cause)).toBe(true);
  });
});

onEachAdapter('a counter of failures', (start) => {
  it.each(modes)(
    'counts failed requests alone, if it asks isPassDiscarded() (replay: %s)',
    async (replay) => {
      const failures: string[] = [];
      @Injectable()
      class Failures implements NestInterceptor {
        intercept(_context: ExecutionContext, next: CallHandler) {
          return next.handle().pipe(
            tap({
              error: (error: Error) => {
                if (!isPassDiscarded(error)) failures.push(error.message);
              },
            }),
          );
        }
      }
      const app = await start({
        controllers: [desk()],
        futures: { replay },
        providers: [{ provide: APP_INTERCEPTOR, useClass: Failures }],
      });
      for (const path of ['/', '/barrier', '/declared', '/plain']) {
        expect(await app.get(path)).toMatchObject({ status: 200, body: { x: 1 } });
      }
      expect(failures).toEqual([]);
      expect((await app.get('/fails')).status).toBe(500);
      expect(failures).toEqual(['broken']);
    },
  );
});

onEachAdapter('a listener that an interceptor adds to the response', (start) => {
  interface Raw {
    once(event: 'finish', listener: () => void): void;
  }

  it.each(modes)(
    'knows by passOf() whether its pass was the one that was sent (replay: %s)',
    async (replay) => {
      let finished = latch();
      const all: number[] = [];
      const counted: number[] = [];
      const metrics: NestInterceptor = {
        intercept: (context, next) => {
          const request = context.switchToHttp().getRequest<object>();
          const response = context.switchToHttp().getResponse<Raw & { raw?: Raw }>();
          const pass = passOf(request);
          (response.raw ?? response).once('finish', () => {
            all.push(pass);
            if (passOf(request) !== pass) return;
            counted.push(pass);
            finished.open();
          });
          return next.handle();
        },
      };
      const app = await start({
        controllers: [desk()],
        futures: { replay },
        setup: (it) => it.useGlobalInterceptors(metrics),
      });
      const expected: [string, number, number][] = [
        ['/', 2, 2],
        ['/barrier', 2, 2],
        ['/declared', 1, 1],
        ['/plain', 1, 1],
      ];
      for (const [path, listeners, last] of expected) {
        finished = latch();
        all.length = 0;
        counted.length = 0;
        expect((await app.get(path)).status).toBe(200);
        await finished.opened;
        expect(all).toHaveLength(listeners);
        expect(counted).toEqual([last]);
      }
    },
  );
});

/** What nestjs-pino wrote when a request had ended. */
interface Line {
  readonly msg: string;
  readonly err?: { readonly message: string };
}

/** All apps of a process write where the first one did, so the lines of all tests come here. */
const pinoLines: Line[] = [];
let onPinoLine = () => {};
const stream = {
  write: (text: string) => {
    const line = JSON.parse(text) as Line & { res?: object };
    if (line.res === undefined) return;
    pinoLines.push(line);
    onPinoLine();
  },
};

/** As docs/isolation.md has it: the discarded pass does not make an error of the response. */
@Injectable()
class ErrorsOfResponses extends LoggerErrorInterceptor {
  override intercept(context: ExecutionContext, next: CallHandler) {
    const outcome = super.intercept(context, next) as Observable<unknown>;
    return outcome.pipe(
      tap({
        error: (error) => {
          const response = context.switchToHttp().getResponse<{ raw?: object }>();
          if (isPassDiscarded(error)) Reflect.deleteProperty(response.raw ?? response, 'err');
        },
      }),
    );
  }
}

onEachAdapter('nestjs-pino', (start) => {
  async function linesOf(
    interceptor: Type<NestInterceptor>,
    replay: ReplayMode,
    paths: readonly string[],
  ): Promise<Line[]> {
    const done = latch();
    pinoLines.length = 0;
    onPinoLine = () => {
      if (pinoLines.length === paths.length) done.open();
    };
    const app = await start({
      controllers: [desk()],
      futures: { replay },
      // Its default routes leave out all but the root path on Fastify.
      imports: [LoggerModule.forRoot({ pinoHttp: [{}, stream], forRoutes: ['{*path}'] })],
      providers: [{ provide: APP_INTERCEPTOR, useClass: interceptor }],
    });
    for (const path of paths) await app.get(path);
    await done.opened;
    return [...pinoLines];
  }

  it.each(modes)(
    'logs a replayed request as completed, with its own interceptor: what that leaves on the response is undone (replay: %s)',
    async (replay) => {
      const [line] = await linesOf(LoggerErrorInterceptor, replay, ['/']);
      expect(line).toMatchObject({ msg: 'request completed' });
    },
  );

  it.each(modes)(
    'logs it as completed, and failures as errored, with the recipe (replay: %s)',
    async (replay) => {
      const lines = await linesOf(ErrorsOfResponses, replay, ['/', '/barrier', '/fails']);
      expect(lines).toMatchObject([
        { msg: 'request completed' },
        { msg: 'request completed' },
        { msg: 'request errored', err: { message: 'broken' } },
      ]);
      expect(lines.slice(0, 2).every(({ err }) => err === undefined)).toBe(true);
    },
  );
});

onEachAdapter('an interceptor that wraps the errors of its routes', (start) => {
  it.each(modes)('changes no answer of a replayed request (replay: %s)', async (replay) => {
    const wrapping: NestInterceptor = {
      intercept: (_context, next) =>
        next
          .handle()
          .pipe(
            catchError((error: unknown) =>
              throwError(() => new ConflictException('refused', { cause: error })),
            ),
          ),
    };
    @UseInterceptors(wrapping)
    class Wrapped extends desk() {}
    Controller()(Wrapped);
    const app = await start({ controllers: [Wrapped], futures: { replay } });
    expect(await app.get('/')).toMatchObject({ status: 200, body: { x: 1 } });
    expect((await app.get('/fails')).status).toBe(409);
  });
});
