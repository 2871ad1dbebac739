import { Field, Int, Mutation, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Future, Futures, FuturesService } from '../../../src/index.js';
import { onEachAdapter } from '../../support/app.js';
import { query, withGraphql } from '../../support/graphql.js';
import { tasks } from '../../support/tasks.js';

@ObjectType()
class Desk {
  @Field()
  title!: string;
}

const runs: string[] = [];

@Resolver(() => Desk)
class DeskResolver {
  @Query(() => Desk)
  desk(@Futures() futures: FuturesService): Desk {
    runs.push('desk');
    return { title: futures.resultOrSubmit('title', '', tasks.greet, 'desk') };
  }
  @ResolveField(() => Int)
  sum(@Futures() futures: FuturesService): number {
    runs.push('sum');
    return futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
  }
  @Mutation(() => Int)
  order(@Future('price', { task: tasks.add, args: () => [3, 4] }) price: number): number {
    runs.push('order');
    return price;
  }
}

onEachAdapter('a GraphQL schema made from decorators', (start) => {
  beforeEach(() => void (runs.length = 0));

  it('has its queries, field resolvers and mutations replayed, and no trace of ours in it', async () => {
    const app = await start(withGraphql({ schema: true, resolvers: [DeskResolver] }));
    expect(await query(app, '{ desk { title sum } }')).toEqual({
      data: { desk: { title: 'Hello, desk', sum: 3 } },
    });
    expect(await query(app, 'mutation { order }')).toEqual({ data: { order: 7 } });
    expect(runs).toEqual(['desk', 'desk', 'sum', 'sum', 'order']);
    const { data } = await query(app, '{ __type(name: "Mutation") { fields { args { name } } } }');
    expect(data).toEqual({ __type: { fields: [{ args: [] }] } });
  });
});
