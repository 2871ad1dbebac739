import {
  Controller,
  Get,
  Injectable,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { catchError, tap } from 'rxjs';
import { Futures, FuturesService } from '../../../src/index.js';
import { onEachAdapter } from '../../support/app.js';
import { tasks } from '../../support/tasks.js';

/** Keeps what was written when it is committed, and the order of things. */
class Database {
  readonly rows: string[] = [];
  readonly order: string[] = [];
  #staged: string[] = [];

  insert(row: string): void {
    this.#staged.push(row);
  }

  commit(): void {
    this.order.push('commit');
    this.rows.push(...this.#staged);
    this.#staged = [];
  }

  abort(): void {
    this.order.push('abort');
    this.#staged = [];
  }
}

/** An interceptor that commits if the handler succeeds, and aborts if it fails. */
function transactionOf(database: Database): Type<NestInterceptor> {
  @Injectable()
  class Transaction implements NestInterceptor {
    intercept(_context: ExecutionContext, next: CallHandler) {
      database.order.push('begin');
      return next.handle().pipe(
        tap(() => database.commit()),
        catchError((error: unknown) => {
          database.abort();
          throw error;
        }),
      );
    }
  }
  return Transaction;
}

onEachAdapter('a transaction', (start) => {
  it('is aborted with each discarded pass, before the tasks run, and committed with the last', async () => {
    const database = new Database();
    @UseInterceptors(transactionOf(database))
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        database.insert(`visit in pass ${futures.pass}`);
        const x = futures.resultOrSubmit('x', '', () => database.order.push('task x'));
        return x && { y: futures.resultOrSubmit('y', 0, () => database.order.push('task y')) };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).status).toBe(200);
    expect(database.rows).toEqual(['visit in pass 3']);
    expect(database.order.join(', ')).toBe(
      'begin, abort, task x, begin, abort, task y, begin, commit',
    );
  });

  it('is aborted if the last pass fails', async () => {
    const database = new Database();
    @UseInterceptors(transactionOf(database))
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        database.insert('visit');
        return futures.resultOrSubmit('x', '', tasks.notFound, 'paper');
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).status).toBe(404);
    expect(database.rows).toEqual([]);
    expect(database.order).toEqual(['begin', 'abort', 'begin', 'abort']);
  });

  it('that was committed manually stays, even though its pass is discarded', async () => {
    const database = new Database();
    @UseInterceptors(transactionOf(database))
    @Controller()
    class Desk {
      @Get()
      page(@Futures() futures: FuturesService) {
        database.insert(`committed by hand in pass ${futures.pass}`);
        if (!futures.isReplay) database.commit();
        database.insert(`left to the interceptor in pass ${futures.pass}`);
        return { x: futures.resultOrSubmit('x', 0, tasks.add, 1, 2) };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).body).toEqual({ x: 3 });
    expect(database.rows).toEqual([
      'committed by hand in pass 1',
      'committed by hand in pass 2',
      'left to the interceptor in pass 2',
    ]);
  });

  it('around a method is rolled back by barrier() in that method', async () => {
    const database = new Database();
    const transactional = async (work: () => unknown) => {
      try {
        await work();
        database.commit();
      } catch (error) {
        database.abort();
        throw error;
      }
    };
    @Controller()
    class Desk {
      @Get()
      async page(@Futures() futures: FuturesService) {
        await transactional(() => {
          database.insert(`visit in pass ${futures.pass}`);
          futures.resultOrSubmit('x', 0, tasks.add, 1, 2);
          futures.barrier();
        });
        return { x: futures.result('x') };
      }
    }
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/')).body).toEqual({ x: 3 });
    expect(database.order).toEqual(['abort', 'commit']);
    expect(database.rows).toEqual(['visit in pass 2']);
  });
});
