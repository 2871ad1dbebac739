import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import {
  Futures,
  FuturesModule,
  FuturesService,
  type FuturesModuleOptions,
  type ReplayMode,
} from '../../../src/index.js';
import { onEachAdapter } from '../../support/app.js';

const modes: ReplayMode[] = ['handler', 'request'];

/** A request whose property tells which pass it belongs to. */
interface Noted {
  pass?: number;
}

function desk(order: string[]): Type {
  @Controller()
  class Desk {
    @Get()
    page(@Futures() futures: FuturesService) {
      futures.onDiscard(() => order.push(`own hook ${futures.pass}`));
      const a = futures.resultOrSubmit('a', 0, () => (order.push('task a'), 1));
      if (a === 0) return a;
      return a + futures.resultOrSubmit('b', 0, () => (order.push('task b'), 2));
    }
    @Get('plain')
    plain(@Futures() futures: FuturesService) {
      return { pass: futures.pass };
    }
  }
  return Desk;
}

onEachAdapter('the app-wide onDiscard', (start) => {
  it.each(modes)(
    'runs for each discarded pass, awaited, after its own hooks and before its tasks start (replay: %s)',
    async (replay) => {
      const order: string[] = [];
      const onDiscard = async (context: ExecutionContext) => {
        await new Promise(setImmediate);
        order.push(`app hook ${context.getHandler().name}`);
      };
      const app = await start({ controllers: [desk(order)], futures: { replay, onDiscard } });
      expect(await app.get('/')).toMatchObject({ status: 200, text: '3' });
      expect(order).toEqual([
        'own hook 1',
        'app hook page',
        'task a',
        'own hook 2',
        'app hook page',
        'task b',
      ]);
      order.length = 0;
      expect(await app.get('/plain')).toMatchObject({ status: 200, body: { pass: 1 } });
      expect(order).toEqual([]);
    },
  );

  it.each(modes)('is given the request of its pass (replay: %s)', async (replay) => {
    const seen: (number | undefined)[] = [];
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('a', 0, () => 1);
      }
    }
    const app = await start({
      controllers: [Desk],
      futures: {
        replay,
        onDiscard: (context) => {
          seen.push(context.switchToHttp().getRequest<Noted>().pass);
        },
      },
      setup: (it) =>
        it.useGlobalInterceptors({
          intercept: (context, next) => {
            const request = context.switchToHttp().getRequest<Noted>();
            request.pass = (request.pass ?? 0) + 1;
            return next.handle();
          },
        }),
    });
    expect(await app.get('/')).toMatchObject({ status: 200, text: '1' });
    expect(seen).toEqual([1]);
  });

  it.each(modes)(
    'fails the request if it throws, and no task starts; other hooks run all the same (replay: %s)',
    async (replay) => {
      const order: string[] = [];
      const onDiscard = () => {
        order.push('app hook');
        throw new Error('cannot clear the session');
      };
      const app = await start({ controllers: [desk(order)], futures: { replay, onDiscard } });
      expect((await app.get('/')).status).toBe(500);
      expect(order).toEqual(['own hook 1', 'app hook']);
      expect(app.log.errors.join()).toContain('cannot clear the session');
    },
  );

  it('may be created by a factory from injected providers', async () => {
    const order: string[] = [];
    @Injectable()
    class Sessions {
      clear() {
        order.push('cleared');
      }
    }
    @Module({ providers: [Sessions], exports: [Sessions] })
    class SessionsModule {}
    @Injectable()
    class Settings {
      constructor(@Inject(Sessions) private readonly sessions: Sessions) {}
      createFuturesOptions(): FuturesModuleOptions {
        return { onDiscard: () => this.sessions.clear() };
      }
    }
    const futures = FuturesModule.forRootAsync({ imports: [SessionsModule], useClass: Settings });
    const app = await start({ controllers: [desk([])], futures });
    expect((await app.get('/')).text).toBe('3');
    expect(order).toEqual(['cleared', 'cleared']);
  });

  it.each(['clear', {}, null])('must be a function, not %p', async (onDiscard) => {
    const futures = { onDiscard } as unknown as FuturesModuleOptions;
    await expect(start({ controllers: [desk([])], futures })).rejects.toThrow(
      /The option "onDiscard" must be a function, but is/,
    );
  });
});
