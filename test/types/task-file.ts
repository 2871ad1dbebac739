import { expectTypeOf } from 'expect-type';
import { taskFile, type Task, type TaskFile } from '../../src/index.js';
import { tasks, type TypedTasks } from './tasks.js';

// There is a handle for each exported function, and for nothing else.
expectTypeOf(tasks).toEqualTypeOf<TaskFile<TypedTasks>>();
expectTypeOf<keyof typeof tasks>().toEqualTypeOf<Exclude<keyof TypedTasks, 'limit' | 'Renderer'>>();
// @ts-expect-error a number is no task
void tasks.limit;
// @ts-expect-error a class is no task
void tasks.Renderer;
// @ts-expect-error there is no such export
void tasks.renderRepotr;

// A handle has its function's own type.
expectTypeOf(tasks.add).toEqualTypeOf<(a: number, b: number) => number>();
expectTypeOf(tasks.greet).toEqualTypeOf<(name: string) => Promise<string>>();
expectTypeOf(tasks.wrap).toEqualTypeOf<(text: string, width?: number) => string[]>();
expectTypeOf(tasks.same).toEqualTypeOf<<T>(value: T) => T>();
expectTypeOf(tasks.round).toEqualTypeOf<TypedTasks['round']>();

// Handles cannot be replaced.
// @ts-expect-error read-only
tasks.add = (a, b) => a - b;

// The object may be awaited: what `await` gives is the object.
expectTypeOf<Awaited<typeof tasks>>().toEqualTypeOf<typeof tasks>();

// Names that a handle could not have safely are left out.
declare const reserved: TaskFile<{ then(): void; toJSON(): void; onModuleInit(): void; a(): void }>;
expectTypeOf<keyof typeof reserved>().toEqualTypeOf<'a'>();

// Any handle and any function is a Task.
expectTypeOf(tasks.add).toExtend<Task>();
expectTypeOf(tasks.same).toExtend<Task>();
expectTypeOf(tasks.round).toExtend<Task>();
expectTypeOf(tasks.add).toExtend<Task<[a: number, b: number], number>>();
expectTypeOf(tasks.add).not.toExtend<Task<[a: string, b: string], number>>();

// What taskFile takes.
const url = new URL('file:///report.tasks.js');
taskFile(url);
taskFile('/app/report.tasks.js', { name: 'report', idempotent: true });
// @ts-expect-error no such option
taskFile(url, { idempotant: true });
// @ts-expect-error a flag is a boolean
taskFile(url, { idempotent: 'yes' });
// @ts-expect-error a number is no URL
taskFile(5);
