import { expectTypeOf } from 'expect-type';
import type { FuturesReport, FuturesService } from '../../src/index.js';
import { tasks } from './tasks.js';

declare const sorted: (unsorted: string[]) => string[];
declare const count: (table: { rows: { tags: string[] }[] }) => number;
declare const names: readonly string[];
declare const rows: readonly { readonly tags: readonly string[] }[];

export function resultOrSubmit(futures: FuturesService): void {
  // The value or the placeholder.
  expectTypeOf(futures.resultOrSubmit('k', null, tasks.add, 1, 2)).toEqualTypeOf<number | null>();
  expectTypeOf(futures.resultOrSubmit('k', 0, tasks.add, 1, 2)).toEqualTypeOf<number>();
  expectTypeOf(futures.resultOrSubmit('k', undefined, tasks.now)).toEqualTypeOf<Date | undefined>();
  expectTypeOf(futures.resultOrSubmit('k', null, tasks.find, 'a')).toEqualTypeOf<
    { id: string; total: number } | null | undefined
  >();

  // Async tasks are awaited.
  expectTypeOf(futures.resultOrSubmit('k', '…', tasks.greet, 'Ada')).toEqualTypeOf<string>();

  // Generic functions stay generic.
  expectTypeOf(futures.resultOrSubmit('k', null, tasks.same, 5)).toEqualTypeOf<number | null>();
  expectTypeOf(futures.resultOrSubmit('k', null, tasks.same, ['a'])).toEqualTypeOf<
    string[] | null
  >();
  expectTypeOf(futures.resultOrSubmit('k', null, tasks.swap, 1, 'b')).toEqualTypeOf<
    [string, number] | null
  >();

  // Optional and rest parameters.
  expectTypeOf(futures.resultOrSubmit('k', null, tasks.wrap, 'a')).toEqualTypeOf<string[] | null>();
  expectTypeOf(futures.resultOrSubmit('k', [], tasks.wrap, 'a b', 40)).toExtend<string[]>();
  expectTypeOf(futures.resultOrSubmit('k', '', tasks.join, '-')).toEqualTypeOf<string>();
  expectTypeOf(futures.resultOrSubmit('k', '', tasks.join, '-', 1, 2)).toEqualTypeOf<string>();

  // Literal and read-only arguments keep to the parameter's type.
  futures.resultOrSubmit('k', '', tasks.draw, ['a'] as const, { limit: 1, unit: 'px' });

  // Arguments are cloned: it does not matter that they are read-only.
  expectTypeOf(futures.resultOrSubmit('k', null, sorted, names)).toEqualTypeOf<string[] | null>();
  expectTypeOf(futures.resultOrSubmit('k', 0, count, { rows })).toEqualTypeOf<number>();
  futures.resultOrSubmit('k', 0, count, { rows: [{ tags: ['a'] }] } as const);
  expectTypeOf(futures.resultOrSubmit('k', null, tasks.same, names)).toEqualTypeOf<
    readonly string[] | null
  >();
  futures.submit('k', sorted, names);

  // Of an overloaded function the last overload counts, as everywhere in TypeScript.
  expectTypeOf(futures.resultOrSubmit('k', null, tasks.round, 1.5, 1)).toEqualTypeOf<
    number | null
  >();

  // Functions that give nothing, or never return.
  expectTypeOf(futures.resultOrSubmit('k', null, tasks.fail)).toEqualTypeOf<null>();
  expectTypeOf(futures.resultOrSubmit('k', true, tasks.isText, 5)).toEqualTypeOf<boolean>();

  // Plain functions.
  expectTypeOf(
    futures.resultOrSubmit('k', null, (n: number) => Promise.resolve({ n }), 5),
  ).toEqualTypeOf<{ n: number } | null>();
  const numbers = [1, 2];
  expectTypeOf(futures.resultOrSubmit('k', null, () => numbers)).toEqualTypeOf<number[] | null>();
  expectTypeOf(futures.resultOrSubmit('k', 0, Math.max, 1, 2, 3)).toEqualTypeOf<number>();

  // The narrowest placeholder may be narrowed away.
  const value = futures.resultOrSubmit('k', undefined, tasks.add, 1, 2);
  if (value !== undefined) expectTypeOf(value).toEqualTypeOf<number>();
}

export function wrongArguments(futures: FuturesService): void {
  // @ts-expect-error an argument is missing
  futures.resultOrSubmit('k', null, tasks.add, 1);
  // @ts-expect-error all arguments are missing
  futures.resultOrSubmit('k', null, tasks.add);
  // @ts-expect-error one argument too many
  futures.resultOrSubmit('k', null, tasks.add, 1, 2, 3);
  // @ts-expect-error an argument of the wrong type
  futures.resultOrSubmit('k', null, tasks.add, 1, '2');
  // @ts-expect-error an argument of the wrong type, to an async task
  futures.resultOrSubmit('k', null, tasks.greet, 5);
  // @ts-expect-error an optional argument of the wrong type
  futures.resultOrSubmit('k', null, tasks.wrap, 'a', '40');
  // @ts-expect-error a rest argument of the wrong type
  futures.resultOrSubmit('k', null, tasks.join, '-', 1, '2');
  // @ts-expect-error an argument where there is none
  futures.resultOrSubmit('k', null, tasks.now, 1);
  // @ts-expect-error a property of the wrong type
  futures.resultOrSubmit('k', null, tasks.draw, [], { limit: 1, unit: 'cm' });
  // @ts-expect-error a value is no task
  futures.resultOrSubmit('k', null, 5);
  // @ts-expect-error a called function is no task
  futures.resultOrSubmit('k', null, tasks.add(1, 2));
  // @ts-expect-error the placeholder is forgotten
  futures.resultOrSubmit('k', tasks.add, 1, 2);
  // @ts-expect-error a key is a string
  futures.resultOrSubmit(5, null, tasks.add, 1, 2);
  // @ts-expect-error the value may be the placeholder
  futures.resultOrSubmit('k', null, tasks.add, 1, 2).toFixed();
}

export function submit(futures: FuturesService): void {
  expectTypeOf(futures.submit('k', tasks.add, 1, 2)).toEqualTypeOf<true>();
  futures.submit('k', tasks.now);
  futures.submit('k', tasks.wrap, 'a');
  futures.submit('k', tasks.same, { any: 'thing' });
  futures.submit('k', tasks.round, 1.5, 1);
  futures.submit('k', async () => 5);
  // @ts-expect-error arguments are missing
  futures.submit('k', tasks.add);
  // @ts-expect-error one argument too many
  futures.submit('k', tasks.now, 1);
  // @ts-expect-error an argument of the wrong type
  futures.submit('k', tasks.greet, 1);
  // @ts-expect-error the arguments are not an array
  futures.submit('k', tasks.add, [1, 2]);
  // @ts-expect-error the task is missing
  futures.submit('k');
}

export function result(futures: FuturesService): void {
  expectTypeOf(futures.result('k')).toBeUnknown();
  expectTypeOf(futures.result<number>('k')).toEqualTypeOf<number>();
  expectTypeOf(futures.result('k', 0)).toEqualTypeOf<unknown>();
  expectTypeOf(futures.result<number>('k', 0)).toEqualTypeOf<number>();
  expectTypeOf(futures.result<number, null>('k', null)).toEqualTypeOf<number | null>();
  expectTypeOf(futures.result<number | null>('k', null)).toEqualTypeOf<number | null>();
  // @ts-expect-error the fallback is neither a number nor declared
  futures.result<number>('k', null);
}

export function others(futures: FuturesService): void {
  const set = futures.using({ executor: 'inline', timeout: 5, queueTimeout: 5, transferList: [] });
  expectTypeOf(set).toEqualTypeOf<FuturesService>();
  // @ts-expect-error no such option
  futures.using({ timeOut: 5 });
  // @ts-expect-error ms, not text
  futures.using({ timeout: '5s' });
  expectTypeOf(futures.cancel('k')).toEqualTypeOf<boolean>();
  expectTypeOf(futures.clear('k')).toEqualTypeOf<boolean>();
  expectTypeOf(futures.reset('k')).toEqualTypeOf<boolean>();
  expectTypeOf(futures.pass).toEqualTypeOf<number>();
  expectTypeOf(futures.isReplay).toEqualTypeOf<boolean>();
  expectTypeOf(futures.signal).toEqualTypeOf<AbortSignal>();
  expectTypeOf(futures.report()).toEqualTypeOf<FuturesReport>();
  futures.onDiscard(() => {});
  futures.onDiscard(async () => {});
  // @ts-expect-error read-only
  futures.pass = 2;
}
