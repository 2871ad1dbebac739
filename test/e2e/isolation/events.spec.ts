import { Controller, Sse } from '@nestjs/common';
import { concat, defer, finalize, from, ignoreElements, of } from 'rxjs';
import { Futures, FuturesService } from '../../../src/index.js';
import { onEachAdapter } from '../../support/app.js';
import { REPLAY_MODES } from '../../support/interceptor-places.js';

/** The events in a response, as `type: data`. */
function eventsIn(text: string): string[] {
  return text
    .split('\n\n')
    .map((block) => block.split('\n'))
    .filter((lines) => lines.some((line) => /^(data|id|event)/.test(line)))
    .map((lines) => {
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      return `${field('event') ?? 'message'}: ${field('data')}`;
    });
}

/** Comes after the timer by which Nest sends the head. */
async function laterTurn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 1));
}

onEachAdapter('a stream of events', (start) => {
  describe.each(REPLAY_MODES)("replay: '%s'", (replay) => {
    it('is of the last pass, if the handler submits at once', async () => {
      const order: string[] = [];
      @Controller()
      class Desk {
        @Sse()
        events(@Futures() futures: FuturesService) {
          const x = futures.resultOrSubmit('x', 'placeholder', () => (order.push('task'), 'x'));
          return of({ data: x }, { data: `pass ${futures.pass}` }).pipe(
            finalize(() => order.push(`end of pass ${futures.pass}`)),
          );
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      const { status, headers, text } = await app.get('/');
      expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream']);
      expect(eventsIn(text)).toEqual(['message: x', 'message: pass 2']);
      expect(order).toEqual(['end of pass 1', 'task', 'end of pass 2']);
      expect(app.log.errors).toEqual([]);
    });

    it('is of the last pass, if its head was sent before the handler submitted or the task ended', async () => {
      @Controller()
      class Desk {
        @Sse()
        async events(@Futures() futures: FuturesService) {
          await laterTurn();
          const x = futures.resultOrSubmit('x', 'placeholder', async () => {
            await laterTurn();
            return 'x';
          });
          return of({ data: x });
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      const { status, text } = await app.get('/');
      expect([status, eventsIn(text)]).toEqual([200, ['message: x']]);
      expect(app.log.errors).toEqual([]);
    });

    it('sends no event twice if it submits after an event: it ends with an error', async () => {
      const order: string[] = [];
      @Controller()
      class Desk {
        @Sse()
        events(@Futures() futures: FuturesService) {
          order.push('handler');
          const late = defer(() => {
            const x = futures.resultOrSubmit('x', 'placeholder', () => order.push('task'));
            return of({ data: x });
          });
          return concat(
            of({ data: 'first' }),
            from(new Promise(setImmediate)).pipe(ignoreElements()),
            late,
          );
        }
      }
      const app = await start({ controllers: [Desk], futures: { replay } });
      const { status, text } = await app.get('/');
      expect(status).toBe(200);
      expect(eventsIn(text)).toEqual(['message: first', expect.stringMatching(/^error: /)]);
      expect(order).toEqual(['handler']);
      expect(app.log.errors).toEqual([expect.stringContaining('ERR_FUTURES_RESPONSE_COMMITTED')]);
    });
  });
});
