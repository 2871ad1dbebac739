// Compiled with the strictest settings: everything public is named once, and the types of its
// results are checked.
import { Controller, Get, Injectable, Module, type ExecutionContext } from '@nestjs/common';
import {
  Future,
  Futures,
  FuturesModule,
  FuturesService,
  UseFutures,
  WorkerPool,
  isFuturesException,
  taskFile,
  type Executor,
  type FuturesModuleOptions,
  type SubmitOptions,
} from 'nestjs-futures';
import { taskSignal } from 'nestjs-futures/task';
import { assertReplaySafe } from 'nestjs-futures/testing';

interface Tasks {
  add(a: number, b: number): number;
  greet(name: string): Promise<string>;
}
const tasks = taskFile<Tasks>('/app/report.tasks.js', { name: 'report', idempotent: true });
const submitOptions: SubmitOptions = { timeout: 1000 };

@Injectable()
@Controller()
@UseFutures()
export class Desk {
  constructor(
    private readonly futures: FuturesService,
    private readonly pool: WorkerPool,
  ) {}

  @Get('a')
  replayed(@Futures() futures: FuturesService): number {
    const sum: number = futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
    // @ts-expect-error the task takes numbers
    this.futures.submit('sum', tasks.add, 'one', 2);
    return sum;
  }

  @Get('b')
  declared(
    @Future('greeting', {
      task: tasks.greet,
      args: (context: ExecutionContext) => [context.getType()],
    })
    greeting: string,
    @Future('product', { task: tasks.add, args: () => [1, 2] }) product: number,
    @Future('sum') sum: number | undefined,
  ): string {
    return `${greeting} ${product} ${sum}`;
  }

  @Get('c')
  async direct(): Promise<number> {
    try {
      return await this.pool.using(submitOptions).run(tasks.add, 1, 2);
    } catch (error) {
      if (isFuturesException(error)) return error.code.length;
      throw error;
    }
  }
}

export function createModule(executor: Executor, options: FuturesModuleOptions) {
  @Module({
    imports: [
      FuturesModule.forRoot({ ...options, scope: 'singleton', executors: { own: executor } }),
      FuturesModule.forRootAsync({ useFactory: () => options }),
    ],
    controllers: [Desk],
  })
  class AppModule {}
  return AppModule;
}

export const signal: AbortSignal = taskSignal();
export const check: (...args: never[]) => unknown = assertReplaySafe;
