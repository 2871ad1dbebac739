import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  UseGuards,
  type CanActivate,
  type MiddlewareConsumer,
  type NestMiddleware,
} from '@nestjs/common';
import { Futures, FuturesContextError, FuturesService } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { tasks } from '../support/tasks.js';

const SCOPES = ['request', 'singleton'] as const;

/** What each member that needs a request throws. */
function errorsOf(futures: FuturesService): [string, unknown][] {
  const members: Record<string, () => unknown> = {
    pass: () => futures.pass,
    isReplay: () => futures.isReplay,
    signal: () => futures.signal,
    result: () => futures.result('x'),
    'result with a fallback': () => futures.result('x', 0),
    submit: () => futures.submit('x', tasks.add, 1, 2),
    resultOrSubmit: () => futures.resultOrSubmit('x', 0, tasks.add, 1, 2),
    'using().submit': () => futures.using({ timeout: 1 }).submit('x', tasks.add, 1, 2),
    cancel: () => futures.cancel('x'),
    clear: () => futures.clear('x'),
    reset: () => futures.reset('x'),
    barrier: () => futures.barrier(),
    publish: () => futures.publish(),
    onDiscard: () => futures.onDiscard(() => {}),
    report: () => futures.report(),
  };
  return Object.entries(members).map(([name, use]) => {
    try {
      return [name, use()];
    } catch (error) {
      return [name, error];
    }
  });
}

function expectContextErrors(errors: [string, unknown][]): void {
  expect(errors).not.toHaveLength(0);
  const others = errors.filter(([, error]) => !(error instanceof FuturesContextError));
  expect(others).toEqual([]);
  const messages = new Set(errors.map(([, error]) => (error as Error).message));
  expect([...messages].join()).toMatch(/(no request|before pass 1).*WorkerPool/s);
}

onEachAdapter('FuturesService where no request is handled', (start) => {
  it.each(SCOPES)('throws from every member outside requests: %s scope', async (scope) => {
    const { app } = await start({ futures: { scope } });
    const futures =
      scope === 'request' ? await app.resolve(FuturesService) : app.get(FuturesService);
    expectContextErrors(errorsOf(futures));
  });

  it.each(SCOPES)('throws from every member in middleware: %s scope', async (scope) => {
    const errors: [string, unknown][][] = [];
    @Injectable()
    class Early implements NestMiddleware {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
      use(_request: unknown, _response: unknown, next: () => void) {
        errors.push(errorsOf(this.futures));
        next();
      }
    }
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
    }
    @Module({ controllers: [Desk] })
    class PageModule {
      configure(consumer: MiddlewareConsumer) {
        consumer.apply(Early).forRoutes(Desk);
      }
    }
    const app = await start({ imports: [PageModule], futures: { scope } });
    // The second one comes by the connection of the first.
    expect((await app.get('/')).body).toEqual({ sum: 3 });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
    expect(errors).toHaveLength(2);
    errors.forEach(expectContextErrors);
  });

  it.each(SCOPES)('throws from every member in a guard: %s scope', async (scope) => {
    const errors: [string, unknown][][] = [];
    @Injectable()
    class Early implements CanActivate {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
      canActivate() {
        errors.push(errorsOf(this.futures));
        return true;
      }
    }
    @UseGuards(Early)
    @Controller()
    class Desk {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
      @Get()
      page() {
        return { sum: this.futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
    }
    const app = await start({ controllers: [Desk], futures: { scope } });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
    expect(errors).toHaveLength(2);
    errors.forEach(expectContextErrors);
  });

  it('answers an uncaught error in a guard with 500, and the log says how to fix it', async () => {
    @Injectable()
    class Early implements CanActivate {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
      canActivate() {
        return this.futures.submit('x', tasks.add, 1, 2);
      }
    }
    @Controller()
    class Desk {
      @UseGuards(Early)
      @Get()
      page() {
        return {};
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).status).toBe(500);
    expect(app.log.errors.join()).toMatch(/ERR_FUTURES_CONTEXT/);
    expect(app.log.errors.join()).toMatch(
      /guard Early used FuturesService.*move it into the handler/s,
    );
  });
});

onEachAdapter('FuturesService kept for longer than its pass', (start) => {
  it.each(SCOPES)('accepts nothing after the response is published: %s scope', async (scope) => {
    let late: Promise<unknown> | undefined;
    let goOn: (() => void) | undefined;
    const published = new Promise<void>((resolve) => (goOn = resolve));
    @Controller()
    class Desk {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
      @Get()
      page() {
        const sum = this.futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
        if (this.futures.isReplay) {
          late = published.then(() => this.futures.submit('late', tasks.add, 1, 2));
          late.catch(() => {});
        }
        return { sum };
      }
    }
    const app = await start({ controllers: [Desk], futures: { scope } });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
    goOn?.();
    await expect(late).rejects.toThrow(FuturesContextError);
    await expect(late).rejects.toThrow(
      scope === 'singleton'
        ? 'used after its pass had ended'
        : '"late" was submitted after the response',
    );
  });

  it('accepts nothing between two passes', async () => {
    const errors: unknown[] = [];
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        futures.onDiscard(() => {
          try {
            futures.submit('late', tasks.add, 1, 2);
          } catch (error) {
            errors.push(error);
          }
        });
        return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).body).toEqual({ sum: 3 });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(FuturesContextError);
    expect(String(errors[0])).toContain('"late" was submitted after its pass had been discarded');
  });
});
