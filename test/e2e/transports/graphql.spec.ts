import { Inject, Scope, UseInterceptors } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Future, Futures, FuturesService, UseFutures } from '../../../src/index.js';
import { onEachAdapter } from '../../support/app.js';
import { query, withGraphql } from '../../support/graphql.js';
import { observer } from '../../support/observer.js';
import { tasks } from '../../support/tasks.js';

onEachAdapter('a GraphQL resolver', (start) => {
  it('is replayed with @Futures(), and the placeholder never reaches the client', async () => {
    const passes: unknown[] = [];
    @Resolver()
    class Desk {
      @Query('sum')
      sum(@Args('a') a: number, @Args('b') b: number, @Futures() futures: FuturesService) {
        const value = futures.resultOrSubmit('sum', -1, tasks.add, a, b);
        passes.push([futures.pass, futures.isReplay, value]);
        return value;
      }
    }
    const app = await start(
      withGraphql({ schema: 'type Query { sum(a: Int!, b: Int!): Int }', resolvers: [Desk] }),
    );
    expect(await query(app, '{ sum(a: 1, b: 2) }')).toEqual({ data: { sum: 3 } });
    expect(passes).toEqual([
      [1, false, -1],
      [2, true, 3],
    ]);
  });

  it.each(['request', 'singleton'] as const)(
    'finds FuturesService in its dependencies, with scope %s',
    async (scope) => {
      const passes: number[] = [];
      @Resolver()
      class Desk {
        constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
        @Query('greeting')
        greeting(@Args('name') name: string) {
          passes.push(this.futures.pass);
          return this.futures.resultOrSubmit('greeting', '…', tasks.greet, name);
        }
      }
      const app = await start(
        withGraphql({
          schema: 'type Query { greeting(name: String!): String }',
          resolvers: [Desk],
          futures: { scope },
        }),
      );
      const names = ['Ada', 'Kurt', 'Rosa'];
      const answers = await Promise.all(
        names.map((name) => query(app, `{ greeting(name: "${name}") }`)),
      );
      expect(answers).toEqual(names.map((name) => ({ data: { greeting: `Hello, ${name}` } })));
      expect(passes.toSorted((a, b) => a - b)).toEqual([1, 1, 1, 2, 2, 2]);
    },
  );

  it('is replayed for @UseFutures() alone, on the class or the method', async () => {
    const runs: string[] = [];
    @Resolver()
    @UseFutures()
    class OnClass {
      constructor(@Inject('late') private readonly late: () => FuturesService) {}
      @Query('a')
      a() {
        runs.push('a');
        return this.late().resultOrSubmit('a', 0, tasks.add, 1, 0);
      }
    }
    @Resolver()
    class OnMethod {
      constructor(@Inject('late') private readonly late: () => FuturesService) {}
      @UseFutures()
      @Query('b')
      b() {
        runs.push('b');
        return this.late().resultOrSubmit('b', 0, tasks.add, 1, 1);
      }
    }
    let futures: FuturesService | undefined;
    const app = await start(
      withGraphql({
        schema: 'type Query { a: Int b: Int }',
        resolvers: [OnClass, OnMethod],
        providers: [{ provide: 'late', useValue: () => futures }],
        futures: { scope: 'singleton' },
        setup: (nest) => void (futures = nest.get(FuturesService)),
      }),
    );
    expect(await query(app, '{ a b }')).toEqual({ data: { a: 1, b: 2 } });
    expect(runs.toSorted()).toEqual(['a', 'a', 'b', 'b']);
  });

  it('of a mutation runs once with a declared @Future(), whose key and arguments may be asked for', async () => {
    const written: unknown[] = [];
    @Resolver()
    class Desk {
      @Mutation('order')
      order(
        @Future('price', { task: tasks.add, args: (context) => [context.getArgByIndex(1).n, 1] })
        price: number,
        @Future((context) => `name ${context.getArgByIndex(1).n}`, {
          task: tasks.greet,
          args: () => ['Ada'],
        })
        name: string,
      ) {
        written.push([price, name]);
        return `${name}: ${price}`;
      }
    }
    const app = await start(
      withGraphql({
        schema: 'type Query { none: Int } type Mutation { order(n: Int!): String }',
        resolvers: [Desk],
      }),
    );
    expect(await query(app, 'mutation { order(n: 4) }')).toEqual({
      data: { order: 'Hello, Ada: 5' },
    });
    expect(written).toEqual([[5, 'Hello, Ada']]);
  });

  it('of a mutation is replayed if it submits, and is given the value by @Future()', async () => {
    const seen: unknown[] = [];
    @Resolver()
    class Desk {
      @Mutation('order')
      order(@Future('price', { default: 0 }) price: number, @Futures() futures: FuturesService) {
        seen.push(price);
        if (price === 0) futures.submit('price', tasks.add, 1, 2);
        return price;
      }
    }
    const app = await start(
      withGraphql({
        schema: 'type Query { none: Int } type Mutation { order: Int }',
        resolvers: [Desk],
      }),
    );
    expect(await query(app, 'mutation { order }')).toEqual({ data: { order: 3 } });
    expect(seen).toEqual([0, 3]);
  });

  it.each([
    ['by its own and class interceptors', false],
    ['by a global interceptor too', true],
    ['by a request-scoped global interceptor too', 'scoped'],
  ])('is seen to fail in a discarded pass %s', async (_, global) => {
    const order: string[] = [];
    @Resolver()
    @UseInterceptors(observer('class', order))
    class Desk {
      @Query('sum')
      @UseInterceptors(observer('method', order))
      sum(@Futures() futures: FuturesService) {
        order.push(`pass ${futures.pass}`);
        return futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
      }
    }
    const scope = global === 'scoped' ? { scope: Scope.REQUEST } : {};
    const provided = {
      provide: APP_INTERCEPTOR,
      useFactory: () => observer('global', order),
      ...scope,
    };
    const app = await start(
      withGraphql({
        schema: 'type Query { sum: Int }',
        resolvers: [Desk],
        providers: global === false ? [] : [provided],
      }),
    );
    expect(await query(app, '{ sum }')).toEqual({ data: { sum: 3 } });
    const around = ['method', 'class', ...(global === false ? [] : ['global'])];
    expect(order).toEqual([
      'pass 1',
      ...around.map((name) => `${name} PassDiscardedError`),
      'pass 2',
      ...around.map((name) => `${name} value`),
    ]);
  });

  it('fails with the error of its task, and leaves other resolvers alone', async () => {
    @Resolver()
    class Desk {
      @Query('good')
      good(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('good', 0, tasks.add, 1, 2);
      }
      @Query('bad')
      bad(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('bad', 0, tasks.fail, 'no paper');
      }
      @Query('declared')
      declared(@Future('lost', { task: tasks.notFound, args: () => ['chart'] }) chart: never) {
        return chart;
      }
    }
    const app = await start(
      withGraphql({ schema: 'type Query { good: Int bad: Int declared: Int }', resolvers: [Desk] }),
    );
    const { data, errors } = await query(app, '{ good bad declared }');
    expect(data).toEqual({ good: 3, bad: null, declared: null });
    expect(errors?.map(({ message, path }) => [path?.[0], message])).toEqual(
      expect.arrayContaining([
        ['bad', 'no paper'],
        ['declared', expect.stringContaining('No chart')],
      ]),
    );
  });
});
