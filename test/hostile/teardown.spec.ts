import { setImmediate } from 'node:timers/promises';
import { Controller, Get, UseInterceptors, type NestInterceptor } from '@nestjs/common';
import { concat, finalize, from, NEVER } from 'rxjs';
import { Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { REPLAY_MODES } from '../support/interceptor-places.js';

/** Emits a turn later, never completes, and throws when it is unsubscribed from. */
function hostile(value: unknown) {
  return concat(from(setImmediate(value)), NEVER).pipe(
    finalize(() => {
      throw new Error('of the teardown');
    }),
  );
}

/** Does so in the first pass of each request. */
const interceptor: NestInterceptor = {
  intercept: (_context, next) =>
    concat(next.handle(), NEVER).pipe(
      finalize(() => {
        throw new Error('of the teardown');
      }),
    ),
};

onEachAdapter('a teardown that throws', (start) => {
  describe.each(REPLAY_MODES)("replay: '%s'", (replay) => {
    it('in an Observable of a discarded pass is logged, and the request is replayed', async () => {
      @Controller()
      class Desk {
        @Get()
        page(@Futures() futures: FuturesService) {
          const x = futures.resultOrSubmit('x', 'placeholder', () => 'value');
          return futures.isReplay ? x : hostile(x);
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      const { text } = await app.get('/', { signal: AbortSignal.timeout(10_000) });
      expect(text).toBe('value');
      expect(app.log.errors).toEqual([expect.stringContaining('of the teardown')]);
    });

    it('in an interceptor is logged, and does not hide the error of a limit', async () => {
      @Controller()
      class Desk {
        @Get()
        @UseInterceptors(interceptor)
        page(@Futures() futures: FuturesService) {
          return setImmediate(
            futures.resultOrSubmit(`x${futures.pass}`, 'placeholder', () => 'value'),
          );
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay, maxPasses: 2 } });
      const { status } = await app.get('/', { signal: AbortSignal.timeout(10_000) });
      expect(status).toBe(500);
      expect(app.log.errors.join()).toContain('ERR_FUTURES_REPLAY_LIMIT');
    });
  });
});
