import {
  ConflictException,
  Controller,
  Get,
  Sse,
  UseInterceptors,
  type CallHandler,
  type NestInterceptor,
} from '@nestjs/common';
import { concat, lastValueFrom, map, of, tap, throwError } from 'rxjs';
import {
  Futures,
  FuturesService,
  UseFutures,
  type ReplayMode,
  type UseFuturesOptions,
} from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';

const modes: ReplayMode[] = ['handler', 'request'];

/** What a database throws when it refuses a transaction because of another one. */
class SerializationFailure extends Error {
  readonly code = '40001';
}

const retryOn = (error: unknown) => error instanceof SerializationFailure;

onEachAdapter('a route with retryOn', (start) => {
  it.each(modes)(
    'is replayed after such a failure, with the values it has; every run around it fails (replay: %s)',
    async (replay) => {
      const order: string[] = [];
      const observer: NestInterceptor = {
        intercept: (_context, next) =>
          next.handle().pipe(
            tap({
              next: () => order.push('success'),
              error: (error: Error) => order.push(error.constructor.name),
            }),
          ),
      };
      @Controller()
      class Desk {
        @UseFutures({ retryOn })
        @UseInterceptors(observer)
        @Get()
        page(@Futures() futures: FuturesService) {
          order.push(`pass ${futures.pass}`);
          futures.onDiscard(() => order.push(`discarded ${futures.pass}`));
          const x = futures.resultOrSubmit('x', 0, () => (order.push('task'), 7));
          if (futures.pass === 2 || futures.pass === 3) throw new SerializationFailure();
          return { x, pass: futures.pass };
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      expect(await app.get('/')).toMatchObject({ status: 200, body: { x: 7, pass: 4 } });
      expect(order).toEqual([
        'pass 1',
        'PassDiscardedError',
        'discarded 1',
        'task',
        'pass 2',
        'SerializationFailure',
        'discarded 2',
        'pass 3',
        'SerializationFailure',
        'discarded 3',
        'pass 4',
        'success',
      ]);
      expect(app.log.errors).toEqual([]);
    },
  );

  it.each(modes)(
    'that fails when its transaction is committed, after the handler, is replayed (replay: %s)',
    async (replay) => {
      let commits = 0;
      const transaction: NestInterceptor = {
        intercept: (_context, next: CallHandler) =>
          next.handle().pipe(
            map((value: unknown) => {
              if (++commits < 3) throw new SerializationFailure();
              return value;
            }),
          ),
      };
      @Controller()
      class Desk {
        @UseFutures({ retryOn, replay })
        @UseInterceptors(transaction)
        @Get()
        page() {
          return { commits };
        }
      }
      const app = await start({ controllers: [Desk] });
      expect(await app.get('/')).toMatchObject({ status: 200, body: { commits: 2 } });
      expect(app.log.errors).toEqual([]);
    },
  );

  it.each(modes)(
    'answers with its last failure when its passes are used up (replay: %s)',
    async (replay) => {
      const order: string[] = [];
      @Controller()
      @UseFutures({ retryOn: (error) => error instanceof ConflictException, maxPasses: 3 })
      class Desk {
        @Get()
        page(@Futures() futures: FuturesService) {
          futures.onDiscard(() => order.push(`discarded ${futures.pass}`));
          throw new ConflictException(`pass ${futures.pass}`);
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      expect(await app.get('/')).toMatchObject({ status: 409, body: { message: 'pass 3' } });
      expect(order).toEqual(['discarded 1', 'discarded 2']);
    },
  );

  it('answers immediately with an error that retryOn does not accept', async () => {
    let runs = 0;
    @Controller()
    class Desk {
      @UseFutures({ retryOn })
      @Get()
      page() {
        runs++;
        throw new ConflictException();
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).status).toBe(409);
    expect(runs).toBe(1);
  });

  it('answers with its own error if retryOn throws, and logs what was thrown', async () => {
    @Controller()
    class Desk {
      @UseFutures({
        retryOn: () => {
          throw new TypeError('retryOn is broken');
        },
      })
      @Get()
      page() {
        throw new ConflictException();
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).status).toBe(409);
    expect(app.log.errors.join()).toContain('retryOn is broken');
  });

  it('answers with its own error if retryOn throws a value that no logger can print', async () => {
    @Controller()
    class Desk {
      @UseFutures({
        retryOn: () => {
          const { proxy, revoke } = Proxy.revocable({}, {});
          revoke();
          throw proxy;
        },
      })
      @Get()
      page() {
        throw new ConflictException();
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).status).toBe(409);
    expect(app.log.errors).toHaveLength(1);
  });

  it.each(modes)(
    'sends no header of a failed pass, and no placeholder that it published (replay: %s)',
    async (replay) => {
      @Controller()
      class Desk {
        @UseFutures({ retryOn })
        @UseInterceptors({
          intercept: (context, next) => {
            const response = context.switchToHttp().getResponse<{
              header(name: string, value: string): void;
            }>();
            return next.handle().pipe(
              tap((value) => {
                const { isFirst } = value as { isFirst: boolean };
                if (!isFirst) return;
                response.header('x-failed', 'yes');
                throw new SerializationFailure();
              }),
            );
          },
        })
        @Get()
        page(@Futures() futures: FuturesService) {
          const x = futures.resultOrSubmit('x', 'placeholder', () => 'value');
          if (!futures.isReplay) futures.publish();
          return { x, isFirst: !futures.isReplay };
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      const response = await app.get('/');
      expect(response).toMatchObject({ status: 200, body: { x: 'value' } });
      expect(response.headers.get('x-failed')).toBeNull();
    },
  );

  it('is not replayed once it has sent an event', async () => {
    let runs = 0;
    @Controller()
    class Desk {
      @UseFutures({ retryOn })
      @Sse()
      events() {
        runs++;
        return concat(
          of({ data: 'first' }),
          throwError(() => new SerializationFailure('too late')),
        );
      }
    }
    const app = await start({ controllers: [Desk] });
    const { text } = await app.get('/');
    expect(text.match(/data: first/g)).toHaveLength(1);
    expect(text).toContain('event: error');
    expect(runs).toBe(1);
  });

  it('ignores a failure that the handler has handled itself', async () => {
    @Controller()
    class Desk {
      @UseFutures({ retryOn })
      @Get()
      async page(@Futures() futures: FuturesService) {
        const dealt = await lastValueFrom(throwError(() => new SerializationFailure())).catch(
          () => 'dealt with',
        );
        return { dealt, pass: futures.pass };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).body).toEqual({ dealt: 'dealt with', pass: 1 });
  });
});

onEachAdapter('@UseFutures({ maxPasses })', (start) => {
  it.each(modes)(
    'overrides the option of the module, and the error names it (replay: %s)',
    async (replay) => {
      @Controller()
      @UseFutures({ maxPasses: 4 })
      class Desk {
        #chain(futures: FuturesService) {
          futures.submit(`key ${futures.pass}`, () => 1);
          return { pass: futures.pass };
        }
        @UseFutures({ maxPasses: 2 })
        @Get('two')
        two(@Futures() futures: FuturesService) {
          return this.#chain(futures);
        }
        @UseFutures({})
        @Get('four')
        four(@Futures() futures: FuturesService) {
          return this.#chain(futures);
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay, maxPasses: 3 } });
      expect((await app.get('/two')).status).toBe(500);
      expect(app.log.errors.at(-1)).toContain('in pass 2, its last');
      expect((await app.get('/four')).status).toBe(500);
      expect(app.log.errors.at(-1)).toContain('in pass 4, its last');
    },
  );
});

describe('@UseFutures()', () => {
  it.each([
    [{ maxPasses: 0 }, /"@UseFutures\(\) maxPasses" must be an integer of 1 or more/],
    [{ timeout: 0 }, /"@UseFutures\(\) timeout" must be a number of ms from 1/],
    [{ unread: 'never' }, /"@UseFutures\(\) unread" must be one of "error", "warn", "ignore"/],
    [{ retryOn: '40001' }, /"@UseFutures\(\) retryOn" must be a function/],
    [{ retries: 3 }, /no option "@UseFutures\(\) retries".*maxPasses/],
  ])('refuses %p', (options, says) => {
    expect(() => UseFutures(options as UseFuturesOptions)).toThrow(says);
  });

  it('accepts each option', () => {
    const options: UseFuturesOptions = {
      replay: 'request',
      maxPasses: 1,
      timeout: 1,
      unread: 'ignore',
      retryOn,
    };
    expect(() => UseFutures(options)).not.toThrow();
  });
});
