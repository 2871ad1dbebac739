import { expectTypeOf } from 'expect-type';
import type { ExecutorStats, WorkerPool } from '../../src/index.js';
import { tasks } from './tasks.js';

export async function run(pool: WorkerPool): Promise<void> {
  expectTypeOf(pool.run(tasks.add, 1, 2)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(pool.run(tasks.greet, 'Ada')).toEqualTypeOf<Promise<string>>();
  expectTypeOf(pool.run(tasks.same, 5)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(await pool.run(tasks.swap, 1, 'b')).toEqualTypeOf<[string, number]>();
  expectTypeOf(pool.run(tasks.now)).toEqualTypeOf<Promise<Date>>();
  expectTypeOf(pool.run(tasks.wrap, 'a')).toEqualTypeOf<Promise<string[]>>();
  expectTypeOf(pool.run(tasks.join, '-', 1, 2)).toEqualTypeOf<Promise<string>>();
  expectTypeOf(pool.run(tasks.round, 1.5, 1)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(pool.run(async (n: number) => [n], 5)).toEqualTypeOf<Promise<number[]>>();
  const names = ['Ada'] as const;
  expectTypeOf(pool.run((unsorted: string[]) => unsorted, names)).toEqualTypeOf<
    Promise<string[]>
  >();
  expectTypeOf(pool.run(tasks.log)).toEqualTypeOf<Promise<void>>();
  // @ts-expect-error an argument is missing
  void pool.run(tasks.add, 1);
  // @ts-expect-error one argument too many
  void pool.run(tasks.now, 1);
  // @ts-expect-error an argument of the wrong type
  void pool.run(tasks.greet, 5);
  // @ts-expect-error a called function is no task
  void pool.run(tasks.add(1, 2));
}

export async function runAllSettled(pool: WorkerPool): Promise<void> {
  const settled = await pool.runAllSettled([[tasks.add, 1, 2], [async () => 'here' as const]]);
  expectTypeOf(settled).toEqualTypeOf<
    [PromiseSettledResult<number>, PromiseSettledResult<'here'>]
  >();
  // @ts-expect-error an argument of the wrong type
  await pool.runAllSettled([[tasks.greet, 5]]);
}

export async function runAll(pool: WorkerPool): Promise<void> {
  const all = await pool.runAll([
    [tasks.add, 1, 2],
    [tasks.greet, 'Ada'],
    [tasks.now],
    [tasks.wrap, 'a'],
    [tasks.wrap, 'a', 40],
    [tasks.join, '-', 1, 2],
    [tasks.round, 1.5, 1],
    [(unsorted: string[]) => unsorted, ['a'] as const],
    [async (n: number) => ({ n }), 5],
    [() => 'here' as const],
  ]);
  expectTypeOf(all).toEqualTypeOf<
    [number, string, Date, string[], string[], string, number, string[], { n: number }, 'here']
  >();
  expectTypeOf(await pool.runAll([])).toEqualTypeOf<[]>();

  // A list of unknown length.
  const names = ['Ada', 'Grace'];
  expectTypeOf(await pool.runAll(names.map((name) => [tasks.greet, name] as const))).toEqualTypeOf<
    string[]
  >();

  await pool.runAll([
    [tasks.add, 1, 2],
    // @ts-expect-error an argument is missing
    [tasks.add, 1],
  ]);
  await pool.runAll([
    // @ts-expect-error one argument too many
    [tasks.now, 1],
    [tasks.add, 1, 2],
  ]);
  // @ts-expect-error an argument of the wrong type
  await pool.runAll([[tasks.greet, 5]]);
  // @ts-expect-error a task without its brackets
  await pool.runAll([tasks.now]);
  // @ts-expect-error calls without their list
  await pool.runAll([tasks.add, 1, 2]);
  // @ts-expect-error a value is no task
  await pool.runAll([[5]]);
}

export function others(pool: WorkerPool): void {
  expectTypeOf(pool.using({ executor: 'inline', timeout: 5 })).toEqualTypeOf<WorkerPool>();
  expectTypeOf(pool.stats()).toEqualTypeOf<Record<string, ExecutorStats>>();
  // @ts-expect-error no such option
  pool.using({ idempotent: true });
}

/** In a list, TypeScript cannot tell what a generic function gives; run() can. */
export async function runAllGeneric(pool: WorkerPool): Promise<void> {
  const [five, sum] = await pool.runAll([
    [tasks.same, 5],
    [tasks.add, 1, 2],
  ]);
  expectTypeOf(five).toBeAny();
  expectTypeOf(sum).toEqualTypeOf<number>();
  expectTypeOf(await pool.run(tasks.same, 5)).toEqualTypeOf<number>();
}
