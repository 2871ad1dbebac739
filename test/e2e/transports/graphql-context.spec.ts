import { EventEmitter, once } from 'node:events';
import { Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Future, Futures, FuturesService } from '../../../src/index.js';
import { onEachAdapter } from '../../support/app.js';
import { query, withGraphql } from '../../support/graphql.js';
import { RecordingExecutor, recorded } from '../../support/recording-executor.js';
import { tasks } from '../../support/tasks.js';

const schema = `
  type Query { desk: Desk }
  type Desk { left: Int }
`;

onEachAdapter('field resolvers without interceptors', (start) => {
  const graphql = { fieldResolverEnhancers: [] };

  it('have declared futures all the same, over the request and in one batch', async () => {
    const executor = new RecordingExecutor();
    @Resolver('Desk')
    class Desk {
      @Query('desk')
      desk() {
        return {};
      }
      @ResolveField('left')
      left(
        @Future('one', { task: tasks.add, args: () => [1, 0] }) one: number,
        @Future('two', { task: tasks.add, args: () => [1, 1] }) two: number,
      ) {
        return one + two;
      }
    }
    const app = await start(
      withGraphql({ schema, resolvers: [Desk], futures: recorded(executor), graphql }),
    );
    expect(await query(app, '{ desk { left } }')).toEqual({ data: { desk: { left: 3 } } });
    expect(executor.batches.map((keys) => keys.toSorted())).toEqual([['one', 'two']]);
  });

  it('are told how to get them if they want to submit', async () => {
    @Resolver('Desk')
    class Desk {
      @Query('desk')
      desk() {
        return {};
      }
      @ResolveField('left')
      left(@Futures() futures: FuturesService) {
        return futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
      }
    }
    const app = await start(withGraphql({ schema, resolvers: [Desk], graphql }));
    const { errors } = await query(app, '{ desk { left } }');
    expect(errors?.[0]?.message).toContain("fieldResolverEnhancers: ['interceptors']");
  });
});

onEachAdapter('a GraphQL resolver', (start) => {
  it('is not replayed for a client that has gone, where the context tells of the response', async () => {
    const runs: number[] = [];
    const events = new EventEmitter();
    const started = once(events, 'started') as Promise<[AbortSignal]>;
    @Resolver()
    class Desk {
      @Query('slow')
      slow(@Futures() futures: FuturesService) {
        runs.push(futures.pass);
        const { signal } = futures;
        return futures.resultOrSubmit('slow', 0, () => {
          events.emit('started', signal);
          return once(signal, 'abort').then(() => 1);
        });
      }
    }
    const app = await start(
      withGraphql({
        schema: 'type Query { slow: Int }',
        resolvers: [Desk],
        graphql: {
          context: (first: object, reply?: object) =>
            reply === undefined ? first : { req: first, res: reply },
        },
      }),
    );
    const client = new AbortController();
    const answer = app.get('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ slow }"}',
      signal: client.signal,
    });
    const [signal] = await started;
    client.abort();
    await expect(answer).rejects.toThrow();
    if (!signal.aborted) await once(signal, 'abort');
    await app.close();
    expect(runs).toEqual([1]);
  });
});
