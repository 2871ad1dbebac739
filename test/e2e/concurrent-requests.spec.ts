import { Controller, Get, Inject, Injectable, Param } from '@nestjs/common';
import { Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter, type TestApp } from '../support/app.js';
import { tasks } from '../support/tasks.js';

const REQUESTS = 200;

/** Sends all requests at once, and expects each to be given its own value. */
async function expectOwnValues(app: TestApp): Promise<void> {
  const names = Array.from({ length: REQUESTS }, (_, i) => `n${i}`);
  const answers = await Promise.all(names.map((name) => app.get(`/${name}`)));
  expect(answers.map(({ body }) => body)).toEqual(
    names.map((name) => ({ name, greeting: `Hello, ${name}`, pass: 3 })),
  );
}

/** Lets the other requests run in between. */
function turn(): Promise<void> {
  return new Promise(setImmediate);
}

onEachAdapter('200 concurrent requests with the same keys have their own values', (start) => {
  it.each(['request', 'singleton'] as const)('in %s scope', async (scope) => {
    @Injectable()
    class Greeter {
      constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
      async greet(name: string) {
        const echoed = this.futures.resultOrSubmit('echoed', '', tasks.echo, name);
        await turn();
        if (echoed === '') return '';
        return this.futures.resultOrSubmit('greeting', '', tasks.greet, echoed);
      }
    }
    @Controller()
    class Desk {
      constructor(
        @Inject(Greeter) private readonly greeter: Greeter,
        @Inject(FuturesService) private readonly futures: FuturesService,
      ) {}
      @Get(':name')
      async page(@Param('name') name: string) {
        await turn();
        const greeting = await this.greeter.greet(name);
        await turn();
        return { name, greeting, pass: this.futures.pass };
      }
    }
    const app = await start({ controllers: [Desk], providers: [Greeter], futures: { scope } });
    await expectOwnValues(app);
  });

  it.each(['request', 'singleton'] as const)('with @Futures(), in %s scope', async (scope) => {
    @Controller()
    class Desk {
      @Get(':name')
      async page(@Param('name') name: string, @Futures() futures: FuturesService) {
        const echoed = futures.resultOrSubmit('echoed', '', tasks.echo, name);
        await turn();
        const greeting = echoed && futures.resultOrSubmit('greeting', '', tasks.greet, echoed);
        await turn();
        return { name, greeting, pass: futures.pass };
      }
    }
    const app = await start({ controllers: [Desk], futures: { scope } });
    await expectOwnValues(app);
  });

  it('and their own errors', async () => {
    @Controller()
    class Desk {
      @Get(':name')
      page(@Param('name') name: string, @Futures() futures: FuturesService) {
        return futures.resultOrSubmit('x', '', tasks.notFound, name);
      }
    }
    const app = await start({ controllers: [Desk] });
    const names = Array.from({ length: REQUESTS }, (_, i) => `n${i}`);
    const answers = await Promise.all(names.map((name) => app.get(`/${name}`)));
    expect(answers.map(({ body }) => (body as Error).message)).toEqual(
      names.map((name) => `No ${name}`),
    );
  });
});
