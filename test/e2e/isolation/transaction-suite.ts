import {
  Controller,
  Get,
  Injectable,
  NotFoundException,
  Param,
  Req,
  type CallHandler,
  type ExecutionContext,
  type ModuleMetadata,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import type { Pool } from 'pg';
import { from, lastValueFrom } from 'rxjs';
import { Futures, FuturesService } from '../../../src/index.js';
import { Latch, latches } from '../../support/executors.js';
import { onEachAdapter, type AppOptions, type TestApp } from '../../support/app.js';
import { bindingAt, PLACES_AND_MODES, REPLAY_MODES } from '../../support/interceptor-places.js';
import { latch } from '../../support/latch.js';
import {
  createDatabase,
  dropDatabase,
  forgetVisits,
  postgres,
  visits,
  type DatabaseAddress,
} from '../../support/postgres.js';
import { describeWith } from '../../support/services.js';

/** A way to have one transaction a request, on a pool of one connection. */
export interface Driver {
  /** Begins, and commits or rolls back; leaves on the request what `insert` needs. */
  readonly interceptor: Type<NestInterceptor>;
  /** What the app needs for it, the interceptor included. */
  setUp(address: DatabaseAddress): Pick<ModuleMetadata, 'imports' | 'providers'>;
  insert(request: object, note: string): Promise<unknown>;
  /** Commits by hand, and begins the next transaction. */
  commit(request: object): Promise<unknown>;
  poolOf(app: TestApp): Pool;
}

/** What a transaction a request comes to when passes are discarded, whatever makes it. */
export function transactionSuite(name: string, driver: Driver): void {
  describeWith(postgres, `a transaction a request, over ${name}`, () => {
    let address: DatabaseAddress;

    beforeAll(async () => {
      address = await createDatabase();
    });
    afterEach(() => forgetVisits(address));
    afterAll(() => dropDatabase(address));

    onEachAdapter('with its interceptor', (start) => {
      const startWith = (options: AppOptions) => {
        const { imports = [], providers = [] } = driver.setUp(address);
        const all = [...providers, ...(options.providers ?? [])];
        return start({ ...options, imports, providers: all });
      };

      it.each(PLACES_AND_MODES)(
        "on %s, replay: '%s': a discarded pass is rolled back before its tasks run, the last is committed",
        async (place, replay) => {
          const { onController, onMethod, ...bound } = bindingAt(place, driver.interceptor);
          const whileTasksRan: unknown[] = [];
          @onController
          @Controller()
          class Desk {
            @onMethod
            @Get()
            async page(@Req() request: object, @Futures() futures: FuturesService) {
              await driver.insert(request, `pass ${futures.pass}`);
              const pool = driver.poolOf(app);
              const look = async () => {
                whileTasksRan.push([pool.totalCount, pool.idleCount]);
                // On the pool's only connection, then on one of its own.
                await pool.query('select');
                return visits(address);
              };
              const first = futures.resultOrSubmit('first', null, look);
              return { first, second: first && futures.resultOrSubmit('second', null, look) };
            }
          }
          const app = await startWith({ controllers: [Desk], futures: { replay }, ...bound });
          const response = await app.get('/');
          expect(response).toMatchObject({ status: 200, body: { first: [], second: [] } });
          expect(whileTasksRan).toEqual([
            [1, 1],
            [1, 1],
          ]);
          expect(await visits(address)).toEqual(['pass 3']);
          expect(app.log.errors).toEqual([]);
        },
      );

      it.each(PLACES_AND_MODES)(
        "on %s, replay: '%s': what a discarded pass committed by hand stays",
        async (place, replay) => {
          const { onController, onMethod, ...bound } = bindingAt(place, driver.interceptor);
          @onController
          @Controller()
          class Desk {
            @onMethod
            @Get()
            async page(@Req() request: object, @Futures() futures: FuturesService) {
              await driver.insert(request, `committed by hand in pass ${futures.pass}`);
              await driver.commit(request);
              await driver.insert(request, `left to the interceptor in pass ${futures.pass}`);
              return { sum: futures.resultOrSubmit('sum', 0, () => 3) };
            }
          }
          const app = await startWith({ controllers: [Desk], futures: { replay }, ...bound });
          expect((await app.get('/')).body).toEqual({ sum: 3 });
          expect(await visits(address)).toEqual([
            'committed by hand in pass 1',
            'committed by hand in pass 2',
            'left to the interceptor in pass 2',
          ]);
        },
      );

      it.each(PLACES_AND_MODES)(
        "on %s, replay: '%s': others have the pool's one connection while a task is held",
        async (place, replay) => {
          const { onController, onMethod, ...bound } = bindingAt(place, driver.interceptor);
          const discarded = latch();
          const held = new Latch();
          @onController
          @Controller()
          class Desk {
            @onMethod
            @Get('slow')
            async slow(@Req() request: object, @Futures() futures: FuturesService) {
              await driver.insert(request, `slow, pass ${futures.pass}`);
              futures.onDiscard(discarded.open);
              return { thread: futures.resultOrSubmit('thread', 0, latches.hold, held.cells) };
            }
            @onMethod
            @Get('quick/:n')
            async quick(
              @Req() request: object,
              @Param('n') n: string,
              @Futures() { pass }: FuturesService,
            ) {
              await driver.insert(request, `quick ${n}`);
              return { pass };
            }
          }
          const app = await startWith({
            controllers: [Desk],
            futures: { replay, threads: { max: 1 } },
            ...bound,
          });
          const slow = app.get('/slow');
          await discarded.opened;
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
          const { onController } = bindingAt('the controller', driver.interceptor);
          @onController
          @Controller()
          class Desk {
            @Get()
            async page(@Req() request: object, @Futures() futures: FuturesService) {
              await driver.insert(request, `pass ${futures.pass}`);
              return futures.resultOrSubmit('paper', '', () => {
                throw new NotFoundException();
              });
            }
          }
          const app = await startWith({ controllers: [Desk], futures: { replay } });
          expect((await app.get('/')).status).toBe(404);
          expect(await visits(address)).toEqual([]);
          const { totalCount, idleCount } = driver.poolOf(app);
          expect(idleCount).toBe(totalCount);
        },
      );

      it('is rolled back though an interceptor inside it makes a value of the error', async () => {
        @Injectable()
        class Swallower implements NestInterceptor {
          async intercept(_context: ExecutionContext, next: CallHandler) {
            const value: unknown = await lastValueFrom(next.handle()).catch(() => ({ sum: -1 }));
            return from([value]);
          }
        }
        const outer = bindingAt('the controller', driver.interceptor);
        const inner = bindingAt('the method', Swallower);
        @outer.onController
        @Controller()
        class Desk {
          @inner.onMethod
          @Get()
          async page(@Req() request: object, @Futures() futures: FuturesService) {
            await driver.insert(request, `pass ${futures.pass}`);
            return { sum: futures.resultOrSubmit('sum', 0, () => 3) };
          }
        }
        const app = await startWith({ controllers: [Desk], providers: [Swallower] });
        expect((await app.get('/')).body).toEqual({ sum: 3 });
        expect(await visits(address)).toEqual(['pass 2']);
      });
    });
  });
}
