import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Controller, Get, Res, type INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Future, Futures, FuturesService } from '../../src/index.js';
import { Latch, latches } from '../support/executors.js';
import { onEachAdapter, startOn } from '../support/app.js';
import { REPLAY_MODES } from '../support/interceptor-places.js';
import { latch } from '../support/latch.js';
import { tasks } from '../support/tasks.js';

/** A middleware that answers in place of the handler when the promise resolves, as a timeout does. */
function answersWhen(moment: Promise<unknown>): (app: INestApplication) => void {
  return (app) => {
    app.use((request: { url: string }, response: ServerResponse, next: () => void) => {
      if (request.url === '/') {
        void moment.then(() => {
          response.statusCode = 503;
          response.end('timed out');
        });
      }
      next();
    });
  };
}

onEachAdapter('a response that a timeout has sent', (start) => {
  describe.each(REPLAY_MODES)("replay: '%s'", (replay) => {
    it('while tasks run ends them as if the client had gone', async () => {
      const order: string[] = [];
      const held = new Latch();
      const aborted = latch();
      @Controller()
      class Desk {
        @Get()
        page(@Futures() futures: FuturesService) {
          order.push(`pass ${futures.pass}`);
          futures.signal.addEventListener('abort', () => aborted.open());
          for (const key of ['a', 'b', 'c'])
            futures.resultOrSubmit(key, 0, latches.hang, held.cells);
          return 'placeholder';
        }
        @Get('next')
        next(@Futures() futures: FuturesService) {
          return futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value');
        }
      }
      const app = await start({
        controllers: [Desk],
        futures: { replay, threads: { max: 1 } },
        setup: answersWhen(held.reached()),
      });
      expect(await app.get('/')).toMatchObject({ status: 503, text: 'timed out' });
      await aborted.opened;
      // The one thread is free again.
      expect((await app.get('/next')).text).toBe('value');
      await app.close();
      expect(order).toEqual(['pass 1']);
      expect(held.started).toBe(1);
      expect(app.log.errors).toHaveLength(1);
      expect(app.log.errors[0]).toMatch(/\(a, b, c\).*most likely by a timeout/);
    });

    it('while a plain function runs aborts its signal', async () => {
      const order: string[] = [];
      const running = latch();
      const aborted = latch();
      @Controller()
      class Desk {
        @Get()
        page(@Futures() futures: FuturesService) {
          const { signal } = futures;
          order.push(`pass ${futures.pass}`);
          return futures.resultOrSubmit('x', '', async () => {
            running.open();
            await once(signal, 'abort');
            aborted.open();
          });
        }
      }
      const app = await start({
        controllers: [Desk],
        futures: { replay },
        setup: answersWhen(running.opened),
      });
      expect((await app.get('/')).status).toBe(503);
      await aborted.opened;
      await app.close();
      expect(order).toEqual(['pass 1']);
      expect(app.log.errors).toHaveLength(1);
      expect(app.log.errors[0]).not.toContain('@Res()');
    });

    it('while the handler runs keeps its tasks from running, and the log names the causes', async () => {
      const order: string[] = [];
      const handling = latch();
      const answered = latch();
      @Controller()
      class Desk {
        @Get()
        async page(@Futures() futures: FuturesService) {
          handling.open();
          await answered.opened;
          return futures.resultOrSubmit('x', '', () => order.push('task'));
        }
      }
      const app = await start({
        controllers: [Desk],
        futures: { replay },
        setup: answersWhen(handling.opened),
      });
      expect((await app.get('/')).status).toBe(503);
      answered.open();
      await app.close();
      expect(order).toEqual([]);
      expect(app.log.errors).toHaveLength(1);
      expect(app.log.errors[0]).toMatch(/@Res\(\).*If a timeout wrote it/);
    });
  });

  it('while declared futures are computed ends their tasks', async () => {
    const held = new Latch();
    const calls: string[] = [];
    @Controller()
    class Desk {
      @Get()
      page(@Future('x', { task: latches.hang, args: () => [held.cells] }) x: unknown) {
        calls.push('handler');
        return x;
      }
      @Get('next')
      next(@Future('x', { task: tasks.echo, args: () => ['value'] }) x: unknown) {
        return x;
      }
    }
    const app = await start({
      controllers: [Desk],
      futures: { threads: { max: 1 } },
      setup: answersWhen(held.reached()),
    });
    expect((await app.get('/')).status).toBe(503);
    expect((await app.get('/next')).text).toBe('value');
    expect(calls).toEqual([]);
  });

  it('is distinguished from a response that the handler itself has ended', async () => {
    const signals: boolean[] = [];
    const closed = latch();
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService, @Res() response: { raw?: ServerResponse }) {
        const x = futures.resultOrSubmit('x', '', () => 'value');
        futures.barrier();
        const raw = response.raw ?? (response as ServerResponse);
        const { signal } = futures;
        raw.once('close', () => {
          signals.push(signal.aborted);
          closed.open();
        });
        raw.end(x);
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).text).toBe('value');
    await closed.opened;
    expect(signals).toEqual([false]);
    expect([...app.log.errors, ...app.log.warnings]).toEqual([]);
  });
});

describe("Fastify's handlerTimeout", () => {
  it('ends the tasks of its request, and the log names it', async () => {
    const held = new Latch();
    const calls: string[] = [];
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        calls.push(`pass ${futures.pass}`);
        return futures.resultOrSubmit('x', 0, latches.hang, held.cells);
      }
    }
    const app = await startOn(new FastifyAdapter({ handlerTimeout: 1_000 }) as never, {
      controllers: [Desk],
      futures: { threads: { max: 1 } },
    });
    expect((await app.get('/')).status).toBe(503);
    await app.close();
    expect(calls).toEqual(['pass 1']);
    expect(app.log.errors.join()).toContain('handlerTimeout');
    expect(app.log.errors.join()).not.toContain('@Res()');
  });
});
