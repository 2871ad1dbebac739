import { Controller, Get, Res } from '@nestjs/common';
import { Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { tasks } from '../support/tasks.js';

/** What Express and Fastify have in common. */
interface Sink {
  send(body: string): unknown;
}

onEachAdapter('a handler that writes to the response', (start) => {
  it('is not replayed if futures are pending: its output stands, and the error is logged', async () => {
    const calls: string[] = [];
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService, @Res() response: Sink) {
        calls.push('handler');
        response.send(futures.resultOrSubmit('x', 'placeholder', () => (calls.push('task'), '')));
      }
    }
    const app = await start({ controllers: [Desk] });
    expect(await app.get('/')).toMatchObject({ status: 200, text: 'placeholder' });
    await app.close();
    expect(calls).toEqual(['handler']);
    expect(app.log.errors).toHaveLength(1);
    expect(app.log.errors[0]).toContain('ERR_FUTURES_RESPONSE_COMMITTED');
    expect(app.log.errors[0]).toMatch(/while futures were pending \(x\).*Call barrier\(\)/);
  });

  it('is replayed if barrier() stands before the writing', async () => {
    let writes = 0;
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService, @Res() response: Sink) {
        const x = futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value');
        futures.barrier();
        writes++;
        response.send(x);
      }
    }
    const app = await start({ controllers: [Desk] });
    expect(await app.get('/')).toMatchObject({ status: 200, text: 'value' });
    expect(writes).toBe(1);
    expect(app.log.errors).toEqual([]);
  });

  it('is replayed if it leaves the writing to Nest', async () => {
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService, @Res({ passthrough: true }) _response: Sink) {
        return futures.resultOrSubmit('x', 'placeholder', tasks.echo, 'value');
      }
    }
    const app = await start({ controllers: [Desk] });
    expect(await app.get('/')).toMatchObject({ status: 200, text: 'value' });
  });

  it('works as usual if it submits no future', async () => {
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService, @Res() response: Sink) {
        response.send(`pass ${futures.pass}`);
      }
    }
    const app = await start({ controllers: [Desk] });
    expect(await app.get('/')).toMatchObject({ status: 200, text: 'pass 1' });
    expect(app.log.errors).toEqual([]);
  });
});
