import {
  Catch,
  Controller,
  Get,
  GoneException,
  Inject,
  UseFilters,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  UseGuards,
  type Type,
} from '@nestjs/common';
import { Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { REPLAY_MODES } from '../support/interceptor-places.js';
import { ODD_VALUES } from '../support/odd-values.js';

/** What a filter throws, and how many times it was called. */
function throwingFilter(calls: string[], make: () => unknown): ExceptionFilter {
  @Catch()
  class Throwing implements ExceptionFilter {
    catch(error: Error) {
      calls.push(error.message);
      throw make();
    }
  }
  return new Throwing();
}

function desk(filter: ExceptionFilter | Type<ExceptionFilter>): Type {
  @UseFilters(filter)
  @Controller()
  class Desk {
    @Get('plain')
    plain() {
      throw new GoneException('plain');
    }
    @Get('replayed')
    replayed(@Futures() futures: FuturesService) {
      futures.resultOrSubmit('x', '', () => 'value');
      throw new GoneException(`pass ${futures.pass}`);
    }
    @Get('fails')
    fails(@Futures() futures: FuturesService) {
      return futures.resultOrSubmit('x', '', () => {
        throw new Error('of the task');
      });
    }
    @Get('fine')
    fine(@Futures() futures: FuturesService) {
      return { x: futures.resultOrSubmit('x', '', () => 'value') };
    }
  }
  return Desk;
}

onEachAdapter('an exception filter that fails', (start) => {
  describe.each(REPLAY_MODES)("replay: '%s'", (replay) => {
    it('is called once, and the client gets 500, as without futures', async () => {
      const calls: string[] = [];
      const filter = throwingFilter(calls, () => new Error('of the filter'));
      const app = await start({ controllers: [desk(filter)], futures: { replay } });
      const plain = await app.get('/plain');
      expect(plain.status).toBe(500);
      const replayed = await app.get('/replayed');
      expect([replayed.status, replayed.text]).toEqual([plain.status, plain.text]);
      const fails = await app.get('/fails');
      expect([fails.status, fails.text]).toEqual([plain.status, plain.text]);
      expect(calls).toEqual(['plain', 'pass 2', 'of the task']);
      expect((await app.get('/fine')).body).toEqual({ x: 'value' });
    });

    it.each(ODD_VALUES)('by throwing %s does not harm the server', async (_name, make) => {
      const app = await start({
        controllers: [desk(throwingFilter([], make))],
        futures: { replay },
      });
      const within = { signal: AbortSignal.timeout(10_000) };
      expect((await app.get('/replayed', within)).status).toBe(500);
      expect((await app.get('/fine', within)).body).toEqual({ x: 'value' });
    });

    it('because it asks for a future itself is answered with 500', async () => {
      @Catch()
      class Asking implements ExceptionFilter {
        constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
        catch(_error: unknown, host: ArgumentsHost) {
          const text = this.futures.resultOrSubmit('text', '', () => 'text');
          host.switchToHttp().getResponse<{ send(body: string): unknown }>().send(text);
        }
      }
      const app = await start({ controllers: [desk(Asking)], futures: { replay } });
      expect((await app.get('/replayed')).status).toBe(500);
      expect((await app.get('/fine')).body).toEqual({ x: 'value' });
    });

    it('after it has sent the response leaves that response unchanged', async () => {
      @Catch()
      class SendsAndThrows implements ExceptionFilter {
        catch(_error: unknown, host: ArgumentsHost): never {
          const response = host.switchToHttp().getResponse<{ send(body: string): unknown }>();
          response.send('sent by the filter');
          throw new Error('of the filter');
        }
      }
      const app = await start({ controllers: [desk(SendsAndThrows)], futures: { replay } });
      expect((await app.get('/replayed')).text).toBe('sent by the filter');
      expect((await app.get('/fine')).body).toEqual({ x: 'value' });
    });
  });

  it('after a guard has refused the replay is answered with 500', async () => {
    const calls: string[] = [];
    let asked = 0;
    class OnlyOnce implements CanActivate {
      canActivate() {
        return ++asked === 1;
      }
    }
    @UseGuards(OnlyOnce)
    @UseFilters(throwingFilter(calls, () => new Error('of the filter')))
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('x', '', () => 'value');
      }
    }
    const app = await start({ controllers: [Desk], futures: { replay: 'request' } });
    expect((await app.get('/')).status).toBe(500);
    expect(calls).toEqual(['Forbidden resource']);
  });
});
