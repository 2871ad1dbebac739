import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Piscina } from 'piscina';
import { FuturesModule, taskFile, type Call, type Executor } from '../../src/index.js';
import { ThreadExecutor } from '../../src/executors/thread.executor.js';
import type { ThreadOptions } from '../../src/executors/pool-options.js';
import { resolveOptions } from '../../src/request/futures.options.js';
import { taskReference } from '../../src/tasks/task.js';
import { until } from './wait.js';

export const latches = taskFile<typeof import('../fixtures/latch.tasks.js')>(
  new URL('../fixtures/latch.tasks.js', import.meta.url),
);

const cleanUps = new Set<() => Promise<void>>();

afterEach(async () => {
  await Promise.all([...cleanUps].map((cleanUp) => cleanUp()));
  cleanUps.clear();
});

/** A thread pool that is closed after the test, whatever runs in it. */
export function startThreads(options: Partial<ThreadOptions> = {}): ThreadExecutor {
  const executor = new ThreadExecutor({ ...resolveOptions().threads, max: 2, ...options });
  cleanUps.add(() => executor.close({ timeout: 0 }));
  return executor;
}

/** A piscina that keeps, of each message it was given, the number of calls in it. */
export class CountingPool extends Piscina {
  messages: number[] = [];

  override run(...args: Parameters<Piscina['run']>): Promise<unknown> {
    this.messages.push((args[0] as { calls?: unknown[] }).calls?.length ?? 0);
    return super.run(...args);
  }
}

/** A piscina that is destroyed after the test. */
export function startPool(
  maxThreads: number,
  options: ConstructorParameters<typeof Piscina>[0] = {},
): CountingPool {
  const pool = new CountingPool({ minThreads: 0, maxThreads, idleTimeout: 30_000, ...options });
  cleanUps.add(() => pool.destroy());
  return pool;
}

export function call<Args extends unknown[]>(
  task: (...args: Args) => unknown,
  args: NoInfer<Args>,
  options: Partial<Omit<Call, 'task' | 'args'>> = {},
): Call {
  return {
    task: taskReference(task),
    args,
    key: undefined,
    timeout: 15_000,
    queueTimeout: undefined,
    transferList: undefined,
    ...options,
  };
}

/** Runs the calls as one batch; resolves to their values, and errors in place of values. */
export async function run(executor: Executor, ...calls: Call[]): Promise<unknown[]> {
  return valuesOf(await executor.run(calls, {}));
}

export function valuesOf(outcomes: readonly { value: unknown }[]): unknown[] {
  return outcomes.map(({ value }) => value);
}

/** Lets a test decide when the tasks that hold it go on, and know when they have started. */
export class Latch {
  readonly cells = new Int32Array(new SharedArrayBuffer(8));

  get started(): number {
    return Atomics.load(this.cells, 0);
  }

  open(): this {
    Atomics.store(this.cells, 1, 1);
    Atomics.notify(this.cells, 1);
    return this;
  }

  /** Resolves when so many tasks have started. */
  reached(count = 1): Promise<void> {
    return until(`${count} tasks to start`, () => this.started >= count);
  }
}

/** Runs `hold` often enough for it to count as short, so that several go into one message. */
export async function makeHoldShort(executor: Executor): Promise<void> {
  const open = new Latch().open();
  for (let i = 0; i < 25; i++) await run(executor, call(latches.hold, [open.cells]));
}

/** Occupies a thread until the latch it returns is opened. */
export async function block(executor: Executor): Promise<Blocker> {
  const latch = new Latch();
  const thread = run(executor, call(latches.hold, [latch.cells])).then(([id]) => id as number);
  await latch.reached();
  return { open: () => (latch.open(), thread) };
}

export interface Blocker {
  /** Lets the thread go; resolves to its id. */
  open(): Promise<number>;
}

/** An app without a server; it is closed after the test. */
export async function startContext(
  options: Parameters<typeof FuturesModule.forRoot>[0] = {},
): Promise<INestApplicationContext> {
  const context = await NestFactory.createApplicationContext(FuturesModule.forRoot(options), {
    logger: false,
    abortOnError: false,
  });
  let closing: Promise<void> | undefined;
  const close = context.close.bind(context);
  context.close = () => (closing ??= close());
  cleanUps.add(() => context.close());
  return context;
}
