import type { ServerResponse } from 'node:http';
import { Inject } from '@nestjs/common';
import { Args, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Future, Futures, FuturesService, UseFutures } from '../../../src/index.js';
import { onEachAdapter } from '../../support/app.js';
import { query, withGraphql } from '../../support/graphql.js';
import { RecordingExecutor, recorded } from '../../support/recording-executor.js';
import { tasks } from '../../support/tasks.js';

/** How many were added meanwhile. */
async function listeners(added: unknown[], run: () => Promise<unknown>): Promise<number> {
  const before = added.length;
  expect(await run()).not.toHaveProperty('errors');
  return added.length - before;
}

const schema = `
  type Query { desk: Desk }
  type Desk { left: Int right: Int plain: String }
`;

onEachAdapter('field resolvers of one GraphQL request', (start) => {
  it('share a key: its task runs once, and each resolver has a pass of its own', async () => {
    const executor = new RecordingExecutor();
    const runs: string[] = [];
    @Resolver('Desk')
    class Desk {
      @Query('desk')
      desk() {
        return {};
      }
      @ResolveField('left')
      left(@Futures() futures: FuturesService) {
        runs.push(`left ${futures.pass}`);
        return futures.resultOrSubmit('shared', 0, tasks.add, 1, 2);
      }
      @ResolveField('right')
      right(@Futures() futures: FuturesService) {
        runs.push(`right ${futures.pass}`);
        return futures.resultOrSubmit('shared', 0, tasks.add, 1, 2);
      }
      @ResolveField('plain')
      plain(@Futures() futures: FuturesService) {
        runs.push(`plain ${futures.pass}`);
        return 'plain';
      }
    }
    const app = await start(
      withGraphql({ schema, resolvers: [Desk], futures: recorded(executor) }),
    );
    expect(await query(app, '{ desk { left right plain } }')).toEqual({
      data: { desk: { left: 3, right: 3, plain: 'plain' } },
    });
    expect(executor.keys).toEqual(['shared']);
    expect(runs.toSorted()).toEqual(['left 1', 'left 2', 'plain 1', 'right 1', 'right 2']);
  });

  it.each(['request', 'singleton'] as const)(
    'share a key through an injected FuturesService, with scope %s',
    async (scope) => {
      const executor = new RecordingExecutor();
      const runs: string[] = [];
      @Resolver('Desk')
      @UseFutures()
      class Desk {
        constructor(@Inject(FuturesService) private readonly futures: FuturesService) {}
        @Query('desk')
        desk() {
          runs.push('desk');
          return {};
        }
        @ResolveField('left')
        async left() {
          await Promise.resolve();
          runs.push('left');
          return this.futures.resultOrSubmit('shared', 0, tasks.add, 1, 2);
        }
        @ResolveField('right')
        right() {
          runs.push('right');
          return this.futures.resultOrSubmit('shared', 0, tasks.add, 1, 2);
        }
        @ResolveField('plain')
        plain() {
          runs.push('plain');
          return 'plain';
        }
      }
      const app = await start(
        withGraphql({ schema, resolvers: [Desk], futures: { ...recorded(executor), scope } }),
      );
      expect(await query(app, '{ desk { left right plain } }')).toEqual({
        data: { desk: { left: 3, right: 3, plain: 'plain' } },
      });
      expect(executor.keys).toEqual(['shared']);
      expect(runs.toSorted()).toEqual(['desk', 'left', 'left', 'plain', 'right', 'right']);
    },
  );

  it('share a key that one declares and others submit or read', async () => {
    const executor = new RecordingExecutor();
    const runs: string[] = [];
    @Resolver('Desk')
    class Desk {
      @Query('desk')
      desk() {
        return {};
      }
      @ResolveField('left')
      left(@Future('shared', { task: tasks.add, args: () => [1, 2] }) sum: number) {
        runs.push('left');
        return sum;
      }
      @ResolveField('right')
      right(@Futures() futures: FuturesService) {
        runs.push(`right ${futures.pass}`);
        return futures.resultOrSubmit('shared', 0, tasks.add, 1, 2);
      }
      @ResolveField('plain')
      plain(@Future('shared', { default: 'unasked' }) sum: unknown) {
        return sum;
      }
    }
    const app = await start(
      withGraphql({ schema, resolvers: [Desk], futures: recorded(executor) }),
    );
    expect(await query(app, '{ desk { left right plain } }')).toEqual({
      data: { desk: { left: 3, right: 3, plain: '3' } },
    });
    expect(executor.keys).toEqual(['shared']);
    expect(runs.toSorted()).toEqual(['left', 'right 1', 'right 2']);
  });

  it('have what their parent computed at once, without a replay', async () => {
    const executor = new RecordingExecutor();
    const passes: string[] = [];
    @Resolver('Desk')
    class Desk {
      @Query('desk')
      desk(@Futures() futures: FuturesService) {
        passes.push(`desk ${futures.pass}`);
        return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
      }
      @ResolveField('left')
      left(@Parent() { sum }: { sum: number }, @Futures() futures: FuturesService) {
        passes.push(`left ${futures.pass}`);
        return sum + futures.result<number>('sum');
      }
      @ResolveField('right')
      right(@Futures() futures: FuturesService) {
        passes.push(`right ${futures.pass}`);
        return futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
      }
    }
    const app = await start(
      withGraphql({ schema, resolvers: [Desk], futures: recorded(executor) }),
    );
    expect(await query(app, '{ desk { left right } }')).toEqual({
      data: { desk: { left: 6, right: 3 } },
    });
    expect(executor.keys).toEqual(['sum']);
    expect(passes).toEqual(['desk 1', 'desk 2', 'left 1', 'right 1']);
  });

  it('share nothing with those of another request', async () => {
    const executor = new RecordingExecutor();
    @Resolver()
    class Desk {
      @Query('greeting')
      greeting(@Args('name') name: string, @Futures() futures: FuturesService) {
        return futures.resultOrSubmit('greeting', '', tasks.greet, name);
      }
    }
    const app = await start(
      withGraphql({
        schema: 'type Query { greeting(name: String!): String }',
        resolvers: [Desk],
        futures: recorded(executor),
      }),
    );
    const answers = await Promise.all(
      ['Ada', 'Kurt'].map((name) => query(app, `{ greeting(name: "${name}") }`)),
    );
    expect(answers).toEqual([
      { data: { greeting: 'Hello, Ada' } },
      { data: { greeting: 'Hello, Kurt' } },
    ]);
    expect(executor.keys).toEqual(['greeting', 'greeting']);
  });

  it('conflict over a key that they ask for with different tasks: one of them fails', async () => {
    @Resolver('Desk')
    class Desk {
      @Query('desk')
      desk() {
        return {};
      }
      @ResolveField('left')
      left(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('shared', 0, tasks.add, 1, 2);
      }
      @ResolveField('right')
      right(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('shared', 0, tasks.echo, 4);
      }
    }
    const app = await start(withGraphql({ schema, resolvers: [Desk] }));
    const { data, errors } = await query(app, '{ desk { left right } }');
    expect(data).toEqual({ desk: { left: 3, right: null } });
    expect(errors?.map(({ message }) => message)).toEqual([
      expect.stringContaining('The key "shared" is asked for with basic.echo'),
    ]);
  });

  it('add one listener to the response, however many they are', async () => {
    const added: unknown[] = [];
    const names = Array.from({ length: 30 }, (_, i) => `field${i}`);
    class Fields {
      async field(futures: FuturesService, name: string) {
        const { signal } = futures;
        const value = futures.resultOrSubmit(name, -1, () => (signal.aborted ? -1 : 1));
        return value;
      }
    }
    for (const name of names) {
      Object.defineProperty(Fields.prototype, name, {
        configurable: true,
        value: function (this: Fields, futures: FuturesService) {
          return this.field(futures, name);
        },
      });
      Futures()(Fields.prototype, name, 0);
      ResolveField(name)(
        Fields.prototype,
        name,
        Object.getOwnPropertyDescriptor(Fields.prototype, name) as PropertyDescriptor,
      );
    }
    @Resolver('Desk')
    class Desk extends Fields {
      @Query('desk')
      desk() {
        return {};
      }
    }
    const app = await start(
      withGraphql({
        schema: `type Query { desk: Desk } type Desk { ${names.map((name) => `${name}: Int`).join(' ')} }`,
        resolvers: [Desk],
        graphql: {
          context: (first: object, reply?: object) =>
            reply === undefined ? first : { req: first, res: reply },
        },
        setup: (nest) =>
          nest.use((_request: unknown, response: ServerResponse, next: () => void) => {
            response.on('newListener', (event, listener: { name: string }) => {
              if (event === 'close') added.push(listener);
            });
            next();
          }),
      }),
    );
    const without = await listeners(added, () => query(app, '{ __typename }'));
    const withFields = await listeners(added, () => query(app, `{ desk { ${names.join(' ')} } }`));
    expect(withFields - without).toBe(1);
  });
});
