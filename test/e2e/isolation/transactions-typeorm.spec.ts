import {
  Inject,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import { catchError, finalize, mergeMap } from 'rxjs';
import { DataSource, EntitySchema, type QueryRunner } from 'typeorm';
import { transactionSuite } from './transaction-suite.js';

interface Visit {
  note: string;
}

const Visit = new EntitySchema<Visit>({
  name: 'Visit',
  tableName: 'visits',
  columns: { note: { type: 'text', primary: true } },
});

interface RequestWithRunner {
  runner: QueryRunner;
}

/** One transaction a request, in a query runner of its own. */
@Injectable()
class Transaction implements NestInterceptor {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  async intercept(context: ExecutionContext, next: CallHandler) {
    const runner = this.dataSource.createQueryRunner();
    context.switchToHttp().getRequest<RequestWithRunner>().runner = runner;
    await runner.startTransaction();
    return next.handle().pipe(
      mergeMap(async (value: unknown) => {
        await runner.commitTransaction();
        return value;
      }),
      catchError(async (error: unknown) => {
        await runner.rollbackTransaction();
        throw error;
      }),
      finalize(() => void runner.release()),
    );
  }
}

transactionSuite('TypeORM', {
  interceptor: Transaction,
  setUp: ({ user, password, ...address }) => ({
    imports: [
      TypeOrmModule.forRoot({
        type: 'postgres',
        ...address,
        username: user,
        ...(password === undefined ? {} : { password }),
        poolSize: 1,
        entities: [Visit],
      }),
    ],
    providers: [Transaction],
  }),
  insert: (request, note) => (request as RequestWithRunner).runner.manager.insert(Visit, { note }),
  commit: async (request) => {
    await (request as RequestWithRunner).runner.commitTransaction();
    await (request as RequestWithRunner).runner.startTransaction();
  },
  poolOf: ({ app }) => (app.get(DataSource).driver as unknown as { master: Pool }).master,
});
