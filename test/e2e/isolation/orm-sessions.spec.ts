import { EntitySchema, MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import {
  Controller,
  Inject,
  Injectable,
  Post,
  Req,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import { Pool } from 'pg';
import { mergeMap } from 'rxjs';
import { DataSource, type QueryRunner } from 'typeorm';
import {
  Futures,
  FuturesService,
  type FuturesModuleOptions,
  type ReplayMode,
} from '../../../src/index.js';
import { onEachAdapter, type TestApp } from '../../support/app.js';
import {
  createDatabase,
  dropDatabase,
  forgetVisits,
  postgres,
  visits,
  type DatabaseAddress,
} from '../../support/postgres.js';
import { describeWith } from '../../support/services.js';
import { tasks } from '../../support/tasks.js';

const modes: ReplayMode[] = ['handler', 'request'];

/** Runs for each request, before its first pass, as middleware does. */
function beforeEachRequest(app: INestApplication, prepare: (request: object) => unknown): void {
  const server = app.getHttpAdapter().getInstance() as {
    addHook?: (name: 'onRequest', hook: (request: object) => Promise<void>) => void;
  };
  if (server.addHook === undefined) {
    app.use(async (request: object, _response: object, next: () => void) => {
      await prepare(request);
      next();
    });
  } else {
    server.addHook('onRequest', async (request) => {
      await prepare(request);
    });
  }
}

function post(app: TestApp) {
  return app.get('/', { method: 'POST' });
}

class Visit {
  id!: number;
  constructor(readonly note: string) {}
}

const VisitSchema = new EntitySchema<Visit>({
  class: Visit,
  tableName: 'visits',
  properties: {
    id: { type: 'number', primary: true, autoincrement: true },
    note: { type: 'string' },
  },
});

interface WithManager {
  em: EntityManager;
}

const managerOf = (context: ExecutionContext) =>
  context.switchToHttp().getRequest<WithManager>().em;

/** Writes what a request left in its EntityManager, when its handler succeeds. */
@Injectable()
class Flushing implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(
      mergeMap(async (value: unknown) => {
        await managerOf(context).flush();
        return value;
      }),
    );
  }
}

interface WithRunner {
  runner: QueryRunner;
}

const runnerOf = (context: ExecutionContext) =>
  context.switchToHttp().getRequest<WithRunner>().runner;

/** Commits the transaction that began with the request, when its handler succeeds. */
@Injectable()
class Committing implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(
      mergeMap(async (value: unknown) => {
        await runnerOf(context).commitTransaction();
        return value;
      }),
    );
  }
}

describeWith(postgres, 'the session of an ORM that a request keeps over its passes', () => {
  let address: DatabaseAddress;
  beforeAll(async () => {
    address = await createDatabase();
    const pool = new Pool(address);
    await pool.query('alter table visits add column id serial primary key');
    await pool.end();
  });
  afterEach(() => forgetVisits(address));
  afterAll(() => dropDatabase(address));

  describe('the EntityManager of MikroORM', () => {
    let orm: MikroORM;
    beforeAll(async () => {
      const { database: dbName, password, ...server } = address;
      orm = await MikroORM.init({
        ...server,
        dbName,
        ...(password === undefined ? {} : { password }),
        entities: [VisitSchema],
      });
    });
    afterAll(() => orm.close(true));

    onEachAdapter('forked for each request', (start) => {
      function desk(clear: 'in the handler' | 'by the app' | 'never') {
        @Controller()
        @UseInterceptors(Flushing)
        class Desk {
          @Post()
          visit(@Req() { em }: WithManager, @Futures() futures: FuturesService) {
            if (clear === 'in the handler') futures.onDiscard(() => em.clear());
            em.persist(new Visit('Ada'));
            return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
          }
        }
        return Desk;
      }
      const startWith = (clear: Parameters<typeof desk>[0], futures: FuturesModuleOptions) =>
        start({
          controllers: [desk(clear)],
          providers: [Flushing],
          futures,
          setup: (app) =>
            beforeEachRequest(app, (request) => Object.assign(request, { em: orm.em.fork() })),
        });

      it('keeps what a discarded pass persisted, if nothing clears it', async () => {
        const app = await startWith('never', {});
        expect(await post(app)).toMatchObject({ status: 201, body: { sum: 3 } });
        expect(await visits(address)).toEqual(['Ada', 'Ada']);
      });

      it.each(modes)(
        'writes one row for a POST of two passes, if onDiscard() clears it (replay: %s)',
        async (replay) => {
          const app = await startWith('in the handler', { replay });
          expect(await post(app)).toMatchObject({ status: 201, body: { sum: 3 } });
          expect(await visits(address)).toEqual(['Ada']);
        },
      );

      it.each(modes)(
        "writes one row for a POST of two passes, if the app's onDiscard clears it (replay: %s)",
        async (replay) => {
          const app = await startWith('by the app', {
            replay,
            onDiscard: (context) => managerOf(context).clear(),
          });
          expect(await post(app)).toMatchObject({ status: 201, body: { sum: 3 } });
          expect(await visits(address)).toEqual(['Ada']);
        },
      );
    });
  });

  describe('the query runner of TypeORM', () => {
    let dataSource: DataSource;
    beforeAll(async () => {
      const { user, password, ...server } = address;
      dataSource = await new DataSource({
        type: 'postgres',
        ...server,
        username: user,
        ...(password === undefined ? {} : { password }),
      }).initialize();
    });
    afterAll(() => dataSource.destroy());

    onEachAdapter('kept on the request with its transaction', (start) => {
      @Controller()
      @UseInterceptors(Committing)
      class Desk {
        constructor(@Inject('runners') private readonly runners: QueryRunner[]) {}
        @Post()
        async visit(@Req() { runner }: WithRunner, @Futures() futures: FuturesService) {
          this.runners.push(runner);
          await runner.query('insert into visits (note) values ($1)', ['Ada']);
          return { sum: futures.resultOrSubmit('sum', 0, tasks.add, 1, 2) };
        }
      }
      async function visit(futures: FuturesModuleOptions) {
        const runners: QueryRunner[] = [];
        const app = await start({
          controllers: [Desk],
          providers: [Committing, { provide: 'runners', useValue: runners }],
          futures,
          setup: (it) =>
            beforeEachRequest(it, async (request) => {
              const runner = dataSource.createQueryRunner();
              await runner.startTransaction();
              Object.assign(request, { runner });
            }),
        });
        const response = await post(app);
        const [runner] = runners;
        await runner?.release();
        // Both passes had the same.
        expect(runners).toEqual([runner, runner]);
        return response;
      }

      it('commits what a discarded pass wrote, if nothing rolls it back', async () => {
        expect(await visit({})).toMatchObject({ status: 201, body: { sum: 3 } });
        expect(await visits(address)).toEqual(['Ada', 'Ada']);
      });

      it.each(modes)(
        "writes one row for a POST of two passes, if the app's onDiscard begins its transaction anew (replay: %s)",
        async (replay) => {
          const onDiscard = async (context: ExecutionContext) => {
            await runnerOf(context).rollbackTransaction();
            await runnerOf(context).startTransaction();
          };
          expect(await visit({ replay, onDiscard })).toMatchObject({
            status: 201,
            body: { sum: 3 },
          });
          expect(await visits(address)).toEqual(['Ada']);
        },
      );
    });
  });
});
