import { AsyncResource } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { Controller, Get, Injectable, Param } from '@nestjs/common';
import { Futures, FuturesContextError, FuturesService } from '../../src/index.js';
import { onEachAdapter, type TestApp } from '../support/app.js';
import { tasks } from '../support/tasks.js';

const REQUESTS = 50;

/** Runs two functions at once; those that wait run in the async context of whoever made room for them. */
class Pool {
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;

  run<Value>(fn: () => Value): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(async () => {
        try {
          resolve(fn());
        } catch (error) {
          reject(error);
        }
        await setImmediate();
      });
      void this.#next();
    });
  }

  async #next(): Promise<void> {
    if (this.#running === 2) return;
    this.#running++;
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift())
      await job();
    this.#running--;
  }
}

/** Collects what is loaded in one turn, and loads it in the context of the first. */
class Loader {
  #batch: { n: number; load: (n: number) => unknown; resolve: (value: unknown) => void }[] = [];

  load(n: number, load: (n: number) => unknown): Promise<unknown> {
    return new Promise((resolve) => {
      this.#batch.push({ n, load, resolve });
      if (this.#batch.length === 1) globalThis.setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    for (const { n, load, resolve } of batch) resolve(load(n));
  }
}

async function answers(app: TestApp, path: string): Promise<{ status: number; body: unknown }[]> {
  const asked = Array.from({ length: REQUESTS }, (_, n) => app.get(`/${path}/${n}`));
  return Promise.all(asked);
}

const right = Array.from({ length: REQUESTS }, (_, n) => [200, n]);

onEachAdapter("scope: 'singleton', in the async context of another request,", (start) => {
  it('finds its own request in a pool and in a loader if their callbacks are bound to it', async () => {
    const pool = new Pool();
    const loader = new Loader();

    @Injectable()
    class Values {
      constructor(private readonly futures: FuturesService) {}

      get(n: number) {
        return this.futures.resultOrSubmit('value', -1, tasks.echo, n);
      }
    }

    @Controller()
    class Desk {
      constructor(private readonly values: Values) {}

      @Get('pool/:n')
      pooled(@Param('n') n: string) {
        return pool.run(AsyncResource.bind(() => this.values.get(Number(n))));
      }

      @Get('loader/:n')
      loaded(@Param('n') n: string) {
        return loader.load(
          Number(n),
          AsyncResource.bind((each: number) => this.values.get(each)),
        );
      }
    }
    const app = await start({
      controllers: [Desk],
      providers: [Values],
      futures: { scope: 'singleton' },
    });
    for (const path of ['pool', 'loader']) {
      const seen = (await answers(app, path)).map(({ status, body }) => [status, body]);
      expect(seen).toEqual(right);
    }
  });

  it('finds its own request in a pool with @Futures(), which goes by the request object', async () => {
    const pool = new Pool();

    @Controller()
    class Desk {
      @Get('pool/:n')
      pooled(@Param('n') n: string, @Futures() futures: FuturesService) {
        return pool.run(() => futures.resultOrSubmit('value', -1, tasks.echo, Number(n)));
      }
    }
    const app = await start({ controllers: [Desk], futures: { scope: 'singleton' } });
    const seen = (await answers(app, 'pool')).map(({ status, body }) => [status, body]);
    expect(seen).toEqual(right);
  });

  it('answers nobody whose pass has ended, not even with a settled value', async () => {
    const bell = new EventEmitter();
    let late: Promise<unknown> | undefined;

    @Controller()
    class Desk {
      constructor(private readonly futures: FuturesService) {}

      @Get()
      page() {
        const value = this.futures.resultOrSubmit('value', 0, tasks.echo, 7);
        if (this.futures.isReplay) {
          late = once(bell, 'ring').then(() => this.futures.result('value'));
          late.catch(() => {});
        }
        return { value };
      }
    }
    const app = await start({ controllers: [Desk], futures: { scope: 'singleton' } });
    expect((await app.get('/')).body).toEqual({ value: 7 });
    bell.emit('ring');
    await expect(late).rejects.toThrow(FuturesContextError);
    await expect(late).rejects.toThrow('AsyncResource.bind()');
  });

  it('returns no value that was computed from other arguments', async () => {
    @Controller()
    class Desk {
      constructor(private readonly futures: FuturesService) {}

      @Get('same/:n')
      same(@Param('n') n: string) {
        const own = this.futures.resultOrSubmit('value', -1, tasks.echo, Number(n));
        const other = this.futures.resultOrSubmit('value', -1, tasks.echo, Number(n) + 1);
        return [own, other];
      }

      @Get('later/:n')
      later(@Param('n') n: string) {
        const { isReplay } = this.futures;
        return this.futures.resultOrSubmit('value', -1, tasks.echo, isReplay ? Number(n) : -2);
      }
    }
    const app = await start({ controllers: [Desk], futures: { scope: 'singleton' } });
    expect((await app.get('/same/1')).status).toBe(500);
    expect(app.log.errors.join()).toContain('ERR_FUTURES_CONFLICT');
    expect((await app.get('/later/3')).body).toBe(3);
  });
});
