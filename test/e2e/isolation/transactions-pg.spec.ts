import {
  Inject,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Pool, type PoolClient } from 'pg';
import { catchError, finalize, mergeMap } from 'rxjs';
import { transactionSuite } from './transaction-suite.js';

interface RequestWithConnection {
  connection: PoolClient;
}

/** One transaction a request, on a connection of the pool. */
@Injectable()
class Transaction implements NestInterceptor, OnApplicationShutdown {
  constructor(@Inject(Pool) private readonly pool: Pool) {}

  async intercept(context: ExecutionContext, next: CallHandler) {
    const connection = await this.pool.connect();
    context.switchToHttp().getRequest<RequestWithConnection>().connection = connection;
    await connection.query('begin');
    return next.handle().pipe(
      mergeMap(async (value: unknown) => {
        await connection.query('commit');
        return value;
      }),
      catchError(async (error: unknown) => {
        await connection.query('rollback');
        throw error;
      }),
      finalize(() => connection.release()),
    );
  }

  /** Waits for connections that are not given back. */
  async onApplicationShutdown() {
    await this.pool.end();
  }
}

transactionSuite('pg', {
  interceptor: Transaction,
  setUp: (address) => ({
    providers: [{ provide: Pool, useFactory: () => new Pool({ ...address, max: 1 }) }, Transaction],
  }),
  insert: (request, note) =>
    (request as RequestWithConnection).connection.query('insert into visits values ($1)', [note]),
  commit: async (request) => {
    await (request as RequestWithConnection).connection.query('commit');
    await (request as RequestWithConnection).connection.query('begin');
  },
  poolOf: ({ app }) => app.get(Pool),
});
