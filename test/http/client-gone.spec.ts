import { once } from 'node:events';
import { connect } from 'node:net';
import { Controller, Get, Sse } from '@nestjs/common';
import { finalize, NEVER } from 'rxjs';
import { Futures, FuturesService } from '../../src/index.js';
import { Latch, latches } from '../support/executors.js';
import { onEachAdapter, type TestApp } from '../support/app.js';
import { REPLAY_MODES } from '../support/interceptor-places.js';
import { latch } from '../support/latch.js';

/** Sends a request on a connection of its own, and hangs up when the promise resolves. */
async function hangUpWhen(app: TestApp, moment: Promise<unknown>): Promise<void> {
  const { hostname, port } = new URL(app.url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(`GET / HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  await moment;
  socket.destroy();
}

onEachAdapter('a client that goes away', (start) => {
  describe.each(REPLAY_MODES)("replay: '%s'", (replay) => {
    it('while a task runs on the event loop is not answered by a replay', async () => {
      const order: string[] = [];
      const running = latch();
      const gone = latch();
      @Controller()
      class Desk {
        @Get()
        page(@Futures() futures: FuturesService) {
          const { signal } = futures;
          order.push(`pass ${futures.pass}, ${signal.aborted}`);
          return futures.resultOrSubmit('x', '', async () => {
            running.open();
            await once(signal, 'abort');
            order.push('aborted');
            gone.open();
          });
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      await hangUpWhen(app, running.opened);
      await gone.opened;
      await app.close();
      expect(order).toEqual(['pass 1, false', 'aborted']);
      expect([...app.log.errors, ...app.log.warnings]).toEqual([]);
    });

    it('while tasks run in threads has them dropped, those that wait and those that run', async () => {
      const order: string[] = [];
      const held = new Latch();
      const gone = latch();
      @Controller()
      class Desk {
        @Get()
        page(@Futures() futures: FuturesService) {
          const { signal } = futures;
          order.push(`pass ${futures.pass}`);
          signal.addEventListener('abort', () => gone.open());
          for (const key of ['a', 'b', 'c']) {
            futures.resultOrSubmit(key, 0, latches.hang, held.cells);
          }
          return 'placeholder';
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay, threads: { max: 1 } } });
      await hangUpWhen(app, held.reached());
      await gone.opened;
      await app.close();
      expect(order).toEqual(['pass 1']);
      expect(held.started).toBe(1);
      expect([...app.log.errors, ...app.log.warnings]).toEqual([]);
    });

    it('before the handler submits has no task run', async () => {
      const order: string[] = [];
      const handling = latch();
      const submitted = latch();
      @Controller()
      class Desk {
        @Get()
        async page(@Futures() futures: FuturesService) {
          handling.open();
          await once(futures.signal, 'abort');
          order.push(`pass ${futures.pass}`);
          futures.onDiscard(submitted.open);
          return futures.resultOrSubmit('x', '', () => order.push('task'));
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      await hangUpWhen(app, handling.opened);
      await submitted.opened;
      await app.close();
      expect(order).toEqual(['pass 1']);
      expect([...app.log.errors, ...app.log.warnings]).toEqual([]);
    });

    it.each([
      ['an Observable', Get],
      ['a stream of events', Sse],
    ] as const)(
      'from %s that never emits has it torn down, and nothing is replayed',
      async (_, Route) => {
        const order: string[] = [];
        const subscribed = latch();
        const tornDown = latch();
        @Controller()
        class Desk {
          @Route()
          page(@Futures() futures: FuturesService) {
            futures.resultOrSubmit('x', '', () => order.push('task'));
            order.push(`pass ${futures.pass}`);
            subscribed.open();
            return NEVER.pipe(finalize(tornDown.open));
          }
        }
        const app = await start({ controllers: [Desk], futures: { replay } });
        await hangUpWhen(app, subscribed.opened);
        await tornDown.opened;
        await app.close();
        expect(order).toEqual(['pass 1']);
        expect([...app.log.errors, ...app.log.warnings]).toEqual([]);
      },
    );
  });
});
