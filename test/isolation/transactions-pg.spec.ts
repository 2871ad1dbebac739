import {
  Controller,
  Get,
  Inject,
  Injectable,
  Param,
  Req,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import pg from 'pg';
import { catchError, finalize, from, lastValueFrom, mergeMap } from 'rxjs';
import { Futures, FuturesService } from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { bindingAt, PLACES_AND_MODES, REPLAY_MODES } from '../support/interceptor-places.js';
import { latch, threadLatch } from '../support/latch.js';
import {
  createDatabase,
  dropDatabase,
  forgetVisits,
  postgres,
  visits,
  type DatabaseAddress,
} from '../support/postgres.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';

interface RequestWithConnection {
  connection: pg.PoolClient;
}

/** One transaction a request, on a connection of the pool. */
@Injectable()
class Transaction implements NestInterceptor {
  constructor(@Inject(pg.Pool) private readonly pool: pg.Pool) {}

  async intercept(context: ExecutionContext, next: CallHandler) {
    const connection = await this.pool.connect();
    context.switchToHttp().getRequest<RequestWithConnection>().connection = connection;
    await connection.query('begin');
    return next.handle().pipe(
      mergeMap((value) => from(connection.query('commit').then(() => value as unknown))),
      catchError(async (error: unknown) => {
        await connection.query('rollback');
        throw error;
      }),
      finalize(() => connection.release()),
    );
  }
}

describeWith(postgres, 'a transaction a request, over pg', () => {
  let address: DatabaseAddress;
  let pool: pg.Pool;

  beforeAll(async () => {
    address = await createDatabase();
  });
  beforeEach(() => {
    pool = new pg.Pool({ ...address, max: 1 });
  });
  afterEach(async () => {
    // Would wait for ever for a connection that was not given back.
    expect([pool.totalCount - pool.idleCount, pool.waitingCount]).toEqual([0, 0]);
    await pool.end();
    await forgetVisits(address);
  });
  afterAll(() => dropDatabase(address));

  const providers = () => [{ provide: pg.Pool, useValue: pool }, Transaction];

  onEachAdapter('with the interceptor', (start) => {
    it.each(PLACES_AND_MODES)(
      "on %s, replay: '%s': a discarded pass is rolled back before its tasks, the last is committed",
      async (place, replay) => {
        const binding = bindingAt(place, Transaction);
        const whileTasksRan: unknown[] = [];
        @binding.onController
        @Controller()
        class Desk {
          @binding.onMethod
          @Get()
          async page(
            @Req() { connection }: RequestWithConnection,
            @Futures() futures: FuturesService,
          ) {
            await connection.query('insert into visits values ($1)', [`pass ${futures.pass}`]);
            const look = async () => {
              whileTasksRan.push([pool.totalCount, pool.idleCount, await visits(address)]);
              // The pool's only connection.
              const { rows } = await pool.query<{ n: string }>('select count(*) as n from visits');
              return rows[0]?.n;
            };
            const first = futures.resultOrSubmit('first', '', look);
            return { first, second: first && futures.resultOrSubmit('second', '', look) };
          }
        }
        const app = await start({
          controllers: [Desk],
          providers: [...providers(), ...binding.providers],
          setup: binding.setup,
          futures: { replay },
        });
        expect(await app.get('/')).toMatchObject({
          status: 200,
          body: { first: '0', second: '0' },
        });
        expect(whileTasksRan).toEqual([
          [1, 1, []],
          [1, 1, []],
        ]);
        expect(await visits(address)).toEqual(['pass 3']);
        expect(app.log.errors).toEqual([]);
      },
    );

    it.each(PLACES_AND_MODES)(
      "on %s, replay: '%s': what a discarded pass committed itself stays",
      async (place, replay) => {
        const binding = bindingAt(place, Transaction);
        @binding.onController
        @Controller()
        class Desk {
          @binding.onMethod
          @Get()
          async page(
            @Req() { connection }: RequestWithConnection,
            @Futures() futures: FuturesService,
          ) {
            const insert = (note: string) =>
              connection.query('insert into visits values ($1)', [
                `${note} in pass ${futures.pass}`,
              ]);
            await insert('committed by hand');
            await connection.query('commit');
            await connection.query('begin');
            await insert('left to the interceptor');
            return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
          }
        }
        const app = await start({
          controllers: [Desk],
          providers: [...providers(), ...binding.providers],
          setup: binding.setup,
          futures: { replay },
        });
        expect((await app.get('/')).body).toEqual({ sum: 3 });
        expect(await visits(address)).toEqual([
          'committed by hand in pass 1',
          'committed by hand in pass 2',
          'left to the interceptor in pass 2',
        ]);
      },
    );

    it.each(PLACES_AND_MODES)(
      "on %s, replay: '%s': requests share a pool of one connection while a task of theirs is held",
      async (place, replay) => {
        const binding = bindingAt(place, Transaction);
        const submitted = latch();
        const held = threadLatch();
        @binding.onController
        @Controller()
        class Desk {
          @binding.onMethod
          @Get('slow')
          async slow(
            @Req() { connection }: RequestWithConnection,
            @Futures() futures: FuturesService,
          ) {
            await connection.query('insert into visits values ($1)', [
              `slow, pass ${futures.pass}`,
            ]);
            futures.onDiscard(submitted.open);
            return { thread: futures.resultOrSubmit('thread', 0, tasks.waitFor, held.flag) };
          }
          @binding.onMethod
          @Get('quick/:n')
          async quick(
            @Req() { connection }: RequestWithConnection,
            @Param('n') n: string,
            @Futures() futures: FuturesService,
          ) {
            await connection.query('insert into visits values ($1)', [`quick ${n}`]);
            return { pass: futures.pass };
          }
        }
        const app = await start({
          controllers: [Desk],
          providers: [...providers(), ...binding.providers],
          setup: binding.setup,
          futures: { replay, threads: { max: 1 } },
        });
        const slow = app.get('/slow');
        await submitted.opened;
        try {
          expect((await app.get('/quick/1')).body).toEqual({ pass: 1 });
          expect((await app.get('/quick/2')).body).toEqual({ pass: 1 });
          expect(await visits(address)).toEqual(['quick 1', 'quick 2']);
        } finally {
          held.open();
        }
        expect(await slow).toMatchObject({ status: 200 });
        expect(await visits(address)).toEqual(['quick 1', 'quick 2', 'slow, pass 2']);
      },
    );

    it.each(REPLAY_MODES)(
      "replay: '%s': a last pass that fails is rolled back too",
      async (replay) => {
        const binding = bindingAt('the controller', Transaction);
        @binding.onController
        @Controller()
        class Desk {
          @Get()
          async page(
            @Req() { connection }: RequestWithConnection,
            @Futures() futures: FuturesService,
          ) {
            await connection.query('insert into visits values ($1)', [`pass ${futures.pass}`]);
            return futures.resultOrSubmit('paper', '', tasks.notFound, 'paper');
          }
        }
        const app = await start({
          controllers: [Desk],
          providers: providers(),
          futures: { replay },
        });
        expect((await app.get('/')).status).toBe(404);
        expect(await visits(address)).toEqual([]);
      },
    );

    it('is rolled back though another interceptor inside it replaces the error by a value', async () => {
      @Injectable()
      class Swallower implements NestInterceptor {
        async intercept(_context: ExecutionContext, next: CallHandler) {
          const value: unknown = await lastValueFrom(next.handle()).catch(() => ({ sum: -1 }));
          return from([value]);
        }
      }
      const outer = bindingAt('the controller', Transaction);
      const inner = bindingAt('the method', Swallower);
      @outer.onController
      @Controller()
      class Desk {
        @inner.onMethod
        @Get()
        async page(
          @Req() { connection }: RequestWithConnection,
          @Futures() futures: FuturesService,
        ) {
          await connection.query('insert into visits values ($1)', [`pass ${futures.pass}`]);
          return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
        }
      }
      const app = await start({ controllers: [Desk], providers: [...providers(), Swallower] });
      expect((await app.get('/')).body).toEqual({ sum: 3 });
      expect(await visits(address)).toEqual(['pass 2']);
    });
  });
});
