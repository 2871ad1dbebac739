import {
  Controller,
  Inject,
  Injectable,
  Post,
  Req,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Pool, type PoolClient } from 'pg';
import { catchError, finalize, mergeMap } from 'rxjs';
import { Futures, FuturesService, UseFutures, type ReplayMode } from '../../../src/index.js';
import { onEachAdapter } from '../../support/app.js';
import {
  createDatabase,
  dropDatabase,
  postgres,
  type DatabaseAddress,
} from '../../support/postgres.js';
import { describeWith } from '../../support/services.js';
import { tasks } from '../../support/tasks.js';

/** How many conflicts each mode must see, on each adapter. CONFLICTS=1000 is the long run. */
const CONFLICTS = Number(process.env.CONFLICTS ?? 20);
/** Requests that are sent at most while waiting for that many. */
const ROUNDS = CONFLICTS * 10;

interface WithConnection {
  connection: PoolClient;
}

const codeOf = (error: unknown) => (error as { code?: string } | undefined)?.code;
const isConflict = (error: unknown) => ['40001', '40P01'].includes(codeOf(error) ?? '');

/** One SERIALIZABLE transaction per pass. */
@Injectable()
class Serializable implements NestInterceptor {
  conflicts = 0;

  constructor(@Inject(Pool) private readonly pool: Pool) {}

  async intercept(context: ExecutionContext, next: CallHandler) {
    const connection = await this.pool.connect();
    context.switchToHttp().getRequest<WithConnection>().connection = connection;
    await connection.query('begin isolation level serializable');
    return next.handle().pipe(
      mergeMap(async (value: unknown) => {
        await connection.query('commit');
        return value;
      }),
      catchError(async (error: unknown) => {
        if (isConflict(error)) this.conflicts++;
        await connection.query('rollback');
        throw error;
      }),
      finalize(() => connection.release()),
    );
  }
}

const modes: ReplayMode[] = ['handler', 'request'];

describeWith(postgres, 'two clients that write at SERIALIZABLE', () => {
  let address: DatabaseAddress;
  beforeAll(async () => {
    address = await createDatabase();
  });
  afterAll(() => dropDatabase(address));

  onEachAdapter('on a route with retryOn', (start) => {
    it.each(modes)(
      'are both served, however often their transactions conflict, and no write is lost (replay: %s)',
      async (replay) => {
        const pool = new Pool({ ...address, max: 2 });
        await pool.query('drop table if exists counter');
        await pool.query('create table counter (n integer not null)');
        await pool.query('insert into counter values (0)');
        const runs = new Map<string, number>();
        @Controller()
        @UseInterceptors(Serializable)
        class Desk {
          @UseFutures({ retryOn: isConflict, maxPasses: 100, replay })
          @Post()
          async count(@Req() request: WithConnection, @Futures() futures: FuturesService) {
            const one = futures.resultOrSubmit('one', 0, tasks.add, 1, 0);
            futures.barrier();
            const { connection } = request;
            const { rows } = await connection.query<{ n: number }>('select n from counter');
            await connection.query('update counter set n = $1', [(rows[0]?.n ?? 0) + one]);
            return { passes: futures.pass };
          }
        }
        const app = await start({
          controllers: [Desk],
          providers: [{ provide: Pool, useValue: pool }, Serializable],
        });
        const interceptor = app.app.get(Serializable);
        let requests = 0;
        for (; interceptor.conflicts < CONFLICTS && requests < ROUNDS; requests += 2) {
          const answers = await Promise.all([1, 2].map(() => app.get('/', { method: 'POST' })));
          for (const { status } of answers) runs.set(`${status}`, (runs.get(`${status}`) ?? 0) + 1);
        }
        const { rows } = await pool.query<{ n: number }>('select n from counter');
        await app.close();
        await pool.end();
        expect(interceptor.conflicts).toBeGreaterThanOrEqual(CONFLICTS);
        expect([...runs]).toEqual([['201', requests]]);
        expect(rows).toEqual([{ n: requests }]);
        expect(app.log.errors).toEqual([]);
      },
      20_000 + CONFLICTS * 100,
    );
  });
});
