import type { ExecutionContext } from '@nestjs/common';
import { tasks } from './tasks.js';
declare const flag: boolean; declare const pair: [number, number]; declare function sort(names: string[]): string[]; declare function opts(o: { names: string[]; deep: { list: number[] } }): string[];
declare function fA<Args extends unknown[], R, Given extends Readonly<Args>>(o: { task: (...args: Args) => R, args: (c: ExecutionContext) => Given }): R;
export const A_px: string | Promise<string> = fA({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'px' }] });
export const A_pxctx: string | Promise<string> = fA({ task: tasks.draw, args: (c) => [[c.getType()], { limit: 1, unit: 'px' }] });
export const A_gen: number | Promise<number> = fA({ task: tasks.same, args: () => [5] });
// @ts-expect-error A-few
export const A_few: number | Promise<number> = fA({ task: tasks.add, args: () => [5] });
// @ts-expect-error A-many
export const A_many: number | Promise<number> = fA({ task: tasks.add, args: () => [5,6,7] });
// @ts-expect-error A-type
export const A_type: number | Promise<number> = fA({ task: tasks.add, args: () => [5,'6'] });
// @ts-expect-error A-excess
export const A_excess: string | Promise<string> = fA({ task: tasks.draw, args: () => [['a'], { limit: 1, units: 'px' }] });
// @ts-expect-error A-badunit
export const A_badunit: string | Promise<string> = fA({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'cm' }] });
export const A_any: number | Promise<number> = fA({ task: tasks.add, args: (c) => [5, c.switchToHttp().getRequest().params.id] });
export const A_opt: string[] | Promise<string[]> = fA({ task: tasks.wrap, args: () => ['a'] });
export const A_either: string[] | Promise<string[]> = fA({ task: tasks.wrap, args: () => (flag ? ['a'] : ['a', 40]) });
export const A_rest: string | Promise<string> = fA({ task: tasks.join, args: () => ['-', 1, 2, 3] });
export const A_const: number | Promise<number> = fA({ task: tasks.add, args: () => [1, 2] as const });
export const A_pair: number | Promise<number> = fA({ task: tasks.add, args: () => pair });
export const A_sort: string[] | Promise<string[]> = fA({ task: sort, args: () => [['b','a']] });
export const A_opts: string[] | Promise<string[]> = fA({ task: opts, args: () => [{ names: ['a'], deep: { list: [1] } }] });
export const A_none: Date | Promise<Date> = fA({ task: tasks.now, args: () => [] });
export const A_own: string | Promise<string> = fA({ task: (a: number, b: string) => `${a}${b}`, args: () => [1, 'b'] });
declare function fB<Args extends unknown[], R, Given extends readonly unknown[]>(o: { task: (...args: Args) => R, args: (c: ExecutionContext) => Given & Readonly<Args> }): R;
export const B_px: string | Promise<string> = fB({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'px' }] });
export const B_pxctx: string | Promise<string> = fB({ task: tasks.draw, args: (c) => [[c.getType()], { limit: 1, unit: 'px' }] });
export const B_gen: number | Promise<number> = fB({ task: tasks.same, args: () => [5] });
// @ts-expect-error B-few
export const B_few: number | Promise<number> = fB({ task: tasks.add, args: () => [5] });
// @ts-expect-error B-many
export const B_many: number | Promise<number> = fB({ task: tasks.add, args: () => [5,6,7] });
// @ts-expect-error B-type
export const B_type: number | Promise<number> = fB({ task: tasks.add, args: () => [5,'6'] });
// @ts-expect-error B-excess
export const B_excess: string | Promise<string> = fB({ task: tasks.draw, args: () => [['a'], { limit: 1, units: 'px' }] });
// @ts-expect-error B-badunit
export const B_badunit: string | Promise<string> = fB({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'cm' }] });
export const B_any: number | Promise<number> = fB({ task: tasks.add, args: (c) => [5, c.switchToHttp().getRequest().params.id] });
export const B_opt: string[] | Promise<string[]> = fB({ task: tasks.wrap, args: () => ['a'] });
export const B_either: string[] | Promise<string[]> = fB({ task: tasks.wrap, args: () => (flag ? ['a'] : ['a', 40]) });
export const B_rest: string | Promise<string> = fB({ task: tasks.join, args: () => ['-', 1, 2, 3] });
export const B_const: number | Promise<number> = fB({ task: tasks.add, args: () => [1, 2] as const });
export const B_pair: number | Promise<number> = fB({ task: tasks.add, args: () => pair });
export const B_sort: string[] | Promise<string[]> = fB({ task: sort, args: () => [['b','a']] });
export const B_opts: string[] | Promise<string[]> = fB({ task: opts, args: () => [{ names: ['a'], deep: { list: [1] } }] });
export const B_none: Date | Promise<Date> = fB({ task: tasks.now, args: () => [] });
export const B_own: string | Promise<string> = fB({ task: (a: number, b: string) => `${a}${b}`, args: () => [1, 'b'] });
declare function fC<T extends (...args: any[]) => unknown>(o: { task: T, args: (c: ExecutionContext) => Parameters<T> }): ReturnType<T>;
export const C_px: string | Promise<string> = fC({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'px' }] });
export const C_pxctx: string | Promise<string> = fC({ task: tasks.draw, args: (c) => [[c.getType()], { limit: 1, unit: 'px' }] });
export const C_gen: number | Promise<number> = fC({ task: tasks.same, args: () => [5] });
// @ts-expect-error C-few
export const C_few: number | Promise<number> = fC({ task: tasks.add, args: () => [5] });
// @ts-expect-error C-many
export const C_many: number | Promise<number> = fC({ task: tasks.add, args: () => [5,6,7] });
// @ts-expect-error C-type
export const C_type: number | Promise<number> = fC({ task: tasks.add, args: () => [5,'6'] });
// @ts-expect-error C-excess
export const C_excess: string | Promise<string> = fC({ task: tasks.draw, args: () => [['a'], { limit: 1, units: 'px' }] });
// @ts-expect-error C-badunit
export const C_badunit: string | Promise<string> = fC({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'cm' }] });
export const C_any: number | Promise<number> = fC({ task: tasks.add, args: (c) => [5, c.switchToHttp().getRequest().params.id] });
export const C_opt: string[] | Promise<string[]> = fC({ task: tasks.wrap, args: () => ['a'] });
export const C_either: string[] | Promise<string[]> = fC({ task: tasks.wrap, args: () => (flag ? ['a'] : ['a', 40]) });
export const C_rest: string | Promise<string> = fC({ task: tasks.join, args: () => ['-', 1, 2, 3] });
export const C_const: number | Promise<number> = fC({ task: tasks.add, args: () => [1, 2] as const });
export const C_pair: number | Promise<number> = fC({ task: tasks.add, args: () => pair });
export const C_sort: string[] | Promise<string[]> = fC({ task: sort, args: () => [['b','a']] });
export const C_opts: string[] | Promise<string[]> = fC({ task: opts, args: () => [{ names: ['a'], deep: { list: [1] } }] });
export const C_none: Date | Promise<Date> = fC({ task: tasks.now, args: () => [] });
export const C_own: string | Promise<string> = fC({ task: (a: number, b: string) => `${a}${b}`, args: () => [1, 'b'] });
declare function fD<Args extends unknown[], R>(o: { task: (...args: Args) => R, args: (c: ExecutionContext) => [...Args] }): R;
export const D_px: string | Promise<string> = fD({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'px' }] });
export const D_pxctx: string | Promise<string> = fD({ task: tasks.draw, args: (c) => [[c.getType()], { limit: 1, unit: 'px' }] });
export const D_gen: number | Promise<number> = fD({ task: tasks.same, args: () => [5] });
// @ts-expect-error D-few
export const D_few: number | Promise<number> = fD({ task: tasks.add, args: () => [5] });
// @ts-expect-error D-many
export const D_many: number | Promise<number> = fD({ task: tasks.add, args: () => [5,6,7] });
// @ts-expect-error D-type
export const D_type: number | Promise<number> = fD({ task: tasks.add, args: () => [5,'6'] });
// @ts-expect-error D-excess
export const D_excess: string | Promise<string> = fD({ task: tasks.draw, args: () => [['a'], { limit: 1, units: 'px' }] });
// @ts-expect-error D-badunit
export const D_badunit: string | Promise<string> = fD({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'cm' }] });
export const D_any: number | Promise<number> = fD({ task: tasks.add, args: (c) => [5, c.switchToHttp().getRequest().params.id] });
export const D_opt: string[] | Promise<string[]> = fD({ task: tasks.wrap, args: () => ['a'] });
export const D_either: string[] | Promise<string[]> = fD({ task: tasks.wrap, args: () => (flag ? ['a'] : ['a', 40]) });
export const D_rest: string | Promise<string> = fD({ task: tasks.join, args: () => ['-', 1, 2, 3] });
export const D_const: number | Promise<number> = fD({ task: tasks.add, args: () => [1, 2] as const });
export const D_pair: number | Promise<number> = fD({ task: tasks.add, args: () => pair });
export const D_sort: string[] | Promise<string[]> = fD({ task: sort, args: () => [['b','a']] });
export const D_opts: string[] | Promise<string[]> = fD({ task: opts, args: () => [{ names: ['a'], deep: { list: [1] } }] });
export const D_none: Date | Promise<Date> = fD({ task: tasks.now, args: () => [] });
export const D_own: string | Promise<string> = fD({ task: (a: number, b: string) => `${a}${b}`, args: () => [1, 'b'] });
declare function fE<Args extends unknown[], R>(o: { task: (...args: Args) => R, args: (c: ExecutionContext) => Args }): R;
export const E_px: string | Promise<string> = fE({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'px' }] });
export const E_pxctx: string | Promise<string> = fE({ task: tasks.draw, args: (c) => [[c.getType()], { limit: 1, unit: 'px' }] });
export const E_gen: number | Promise<number> = fE({ task: tasks.same, args: () => [5] });
// @ts-expect-error E-few
export const E_few: number | Promise<number> = fE({ task: tasks.add, args: () => [5] });
// @ts-expect-error E-many
export const E_many: number | Promise<number> = fE({ task: tasks.add, args: () => [5,6,7] });
// @ts-expect-error E-type
export const E_type: number | Promise<number> = fE({ task: tasks.add, args: () => [5,'6'] });
// @ts-expect-error E-excess
export const E_excess: string | Promise<string> = fE({ task: tasks.draw, args: () => [['a'], { limit: 1, units: 'px' }] });
// @ts-expect-error E-badunit
export const E_badunit: string | Promise<string> = fE({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'cm' }] });
export const E_any: number | Promise<number> = fE({ task: tasks.add, args: (c) => [5, c.switchToHttp().getRequest().params.id] });
export const E_opt: string[] | Promise<string[]> = fE({ task: tasks.wrap, args: () => ['a'] });
export const E_either: string[] | Promise<string[]> = fE({ task: tasks.wrap, args: () => (flag ? ['a'] : ['a', 40]) });
export const E_rest: string | Promise<string> = fE({ task: tasks.join, args: () => ['-', 1, 2, 3] });
export const E_const: number | Promise<number> = fE({ task: tasks.add, args: () => [1, 2] as const });
export const E_pair: number | Promise<number> = fE({ task: tasks.add, args: () => pair });
export const E_sort: string[] | Promise<string[]> = fE({ task: sort, args: () => [['b','a']] });
export const E_opts: string[] | Promise<string[]> = fE({ task: opts, args: () => [{ names: ['a'], deep: { list: [1] } }] });
export const E_none: Date | Promise<Date> = fE({ task: tasks.now, args: () => [] });
export const E_own: string | Promise<string> = fE({ task: (a: number, b: string) => `${a}${b}`, args: () => [1, 'b'] });
declare function fF<Args extends unknown[], R>(o: { task: (...args: Args) => R, args: (c: ExecutionContext) => Args | Readonly<Args> }): R;
export const F_px: string | Promise<string> = fF({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'px' }] });
export const F_pxctx: string | Promise<string> = fF({ task: tasks.draw, args: (c) => [[c.getType()], { limit: 1, unit: 'px' }] });
export const F_gen: number | Promise<number> = fF({ task: tasks.same, args: () => [5] });
// @ts-expect-error F-few
export const F_few: number | Promise<number> = fF({ task: tasks.add, args: () => [5] });
// @ts-expect-error F-many
export const F_many: number | Promise<number> = fF({ task: tasks.add, args: () => [5,6,7] });
// @ts-expect-error F-type
export const F_type: number | Promise<number> = fF({ task: tasks.add, args: () => [5,'6'] });
// @ts-expect-error F-excess
export const F_excess: string | Promise<string> = fF({ task: tasks.draw, args: () => [['a'], { limit: 1, units: 'px' }] });
// @ts-expect-error F-badunit
export const F_badunit: string | Promise<string> = fF({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'cm' }] });
export const F_any: number | Promise<number> = fF({ task: tasks.add, args: (c) => [5, c.switchToHttp().getRequest().params.id] });
export const F_opt: string[] | Promise<string[]> = fF({ task: tasks.wrap, args: () => ['a'] });
export const F_either: string[] | Promise<string[]> = fF({ task: tasks.wrap, args: () => (flag ? ['a'] : ['a', 40]) });
export const F_rest: string | Promise<string> = fF({ task: tasks.join, args: () => ['-', 1, 2, 3] });
export const F_const: number | Promise<number> = fF({ task: tasks.add, args: () => [1, 2] as const });
export const F_pair: number | Promise<number> = fF({ task: tasks.add, args: () => pair });
export const F_sort: string[] | Promise<string[]> = fF({ task: sort, args: () => [['b','a']] });
export const F_opts: string[] | Promise<string[]> = fF({ task: opts, args: () => [{ names: ['a'], deep: { list: [1] } }] });
export const F_none: Date | Promise<Date> = fF({ task: tasks.now, args: () => [] });
export const F_own: string | Promise<string> = fF({ task: (a: number, b: string) => `${a}${b}`, args: () => [1, 'b'] });
declare function fG<Args extends unknown[], R>(o: { task: (...args: Args) => R, args: (c: ExecutionContext) => readonly [...Args] }): R;
export const G_px: string | Promise<string> = fG({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'px' }] });
export const G_pxctx: string | Promise<string> = fG({ task: tasks.draw, args: (c) => [[c.getType()], { limit: 1, unit: 'px' }] });
export const G_gen: number | Promise<number> = fG({ task: tasks.same, args: () => [5] });
// @ts-expect-error G-few
export const G_few: number | Promise<number> = fG({ task: tasks.add, args: () => [5] });
// @ts-expect-error G-many
export const G_many: number | Promise<number> = fG({ task: tasks.add, args: () => [5,6,7] });
// @ts-expect-error G-type
export const G_type: number | Promise<number> = fG({ task: tasks.add, args: () => [5,'6'] });
// @ts-expect-error G-excess
export const G_excess: string | Promise<string> = fG({ task: tasks.draw, args: () => [['a'], { limit: 1, units: 'px' }] });
// @ts-expect-error G-badunit
export const G_badunit: string | Promise<string> = fG({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'cm' }] });
export const G_any: number | Promise<number> = fG({ task: tasks.add, args: (c) => [5, c.switchToHttp().getRequest().params.id] });
export const G_opt: string[] | Promise<string[]> = fG({ task: tasks.wrap, args: () => ['a'] });
export const G_either: string[] | Promise<string[]> = fG({ task: tasks.wrap, args: () => (flag ? ['a'] : ['a', 40]) });
export const G_rest: string | Promise<string> = fG({ task: tasks.join, args: () => ['-', 1, 2, 3] });
export const G_const: number | Promise<number> = fG({ task: tasks.add, args: () => [1, 2] as const });
export const G_pair: number | Promise<number> = fG({ task: tasks.add, args: () => pair });
export const G_sort: string[] | Promise<string[]> = fG({ task: sort, args: () => [['b','a']] });
export const G_opts: string[] | Promise<string[]> = fG({ task: opts, args: () => [{ names: ['a'], deep: { list: [1] } }] });
export const G_none: Date | Promise<Date> = fG({ task: tasks.now, args: () => [] });
export const G_own: string | Promise<string> = fG({ task: (a: number, b: string) => `${a}${b}`, args: () => [1, 'b'] });
declare function fH<Args extends unknown[], R>(o: { task: (...args: Args) => R, args(c: ExecutionContext): readonly [...Args] }): R;
export const H_px: string | Promise<string> = fH({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'px' }] });
export const H_pxctx: string | Promise<string> = fH({ task: tasks.draw, args: (c) => [[c.getType()], { limit: 1, unit: 'px' }] });
export const H_gen: number | Promise<number> = fH({ task: tasks.same, args: () => [5] });
// @ts-expect-error H-few
export const H_few: number | Promise<number> = fH({ task: tasks.add, args: () => [5] });
// @ts-expect-error H-many
export const H_many: number | Promise<number> = fH({ task: tasks.add, args: () => [5,6,7] });
// @ts-expect-error H-type
export const H_type: number | Promise<number> = fH({ task: tasks.add, args: () => [5,'6'] });
// @ts-expect-error H-excess
export const H_excess: string | Promise<string> = fH({ task: tasks.draw, args: () => [['a'], { limit: 1, units: 'px' }] });
// @ts-expect-error H-badunit
export const H_badunit: string | Promise<string> = fH({ task: tasks.draw, args: () => [['a'], { limit: 1, unit: 'cm' }] });
export const H_any: number | Promise<number> = fH({ task: tasks.add, args: (c) => [5, c.switchToHttp().getRequest().params.id] });
export const H_opt: string[] | Promise<string[]> = fH({ task: tasks.wrap, args: () => ['a'] });
export const H_either: string[] | Promise<string[]> = fH({ task: tasks.wrap, args: () => (flag ? ['a'] : ['a', 40]) });
export const H_rest: string | Promise<string> = fH({ task: tasks.join, args: () => ['-', 1, 2, 3] });
export const H_const: number | Promise<number> = fH({ task: tasks.add, args: () => [1, 2] as const });
export const H_pair: number | Promise<number> = fH({ task: tasks.add, args: () => pair });
export const H_sort: string[] | Promise<string[]> = fH({ task: sort, args: () => [['b','a']] });
export const H_opts: string[] | Promise<string[]> = fH({ task: opts, args: () => [{ names: ['a'], deep: { list: [1] } }] });
export const H_none: Date | Promise<Date> = fH({ task: tasks.now, args: () => [] });
export const H_own: string | Promise<string> = fH({ task: (a: number, b: string) => `${a}${b}`, args: () => [1, 'b'] });
declare function fI<Args extends unknown[], R>(key: string, task: (...args: Args) => R, args: (c: ExecutionContext) => readonly [...Args]): R;
export const I_px: string | Promise<string> = fI('k', tasks.draw, () => [['a'], { limit: 1, unit: 'px' }]);
export const I_pxctx: string | Promise<string> = fI('k', tasks.draw, (c) => [[c.getType()], { limit: 1, unit: 'px' }]);
export const I_gen: number | Promise<number> = fI('k', tasks.same, () => [5]);
// @ts-expect-error I-few
export const I_few: number | Promise<number> = fI('k', tasks.add, () => [5]);
// @ts-expect-error I-many
export const I_many: number | Promise<number> = fI('k', tasks.add, () => [5,6,7]);
// @ts-expect-error I-type
export const I_type: number | Promise<number> = fI('k', tasks.add, () => [5,'6']);
// @ts-expect-error I-excess
export const I_excess: string | Promise<string> = fI('k', tasks.draw, () => [['a'], { limit: 1, units: 'px' }]);
// @ts-expect-error I-badunit
export const I_badunit: string | Promise<string> = fI('k', tasks.draw, () => [['a'], { limit: 1, unit: 'cm' }]);
export const I_any: number | Promise<number> = fI('k', tasks.add, (c) => [5, c.switchToHttp().getRequest().params.id]);
export const I_opt: string[] | Promise<string[]> = fI('k', tasks.wrap, () => ['a']);
export const I_either: string[] | Promise<string[]> = fI('k', tasks.wrap, () => (flag ? ['a'] : ['a', 40]));
export const I_rest: string | Promise<string> = fI('k', tasks.join, () => ['-', 1, 2, 3]);
export const I_const: number | Promise<number> = fI('k', tasks.add, () => [1, 2] as const);
export const I_pair: number | Promise<number> = fI('k', tasks.add, () => pair);
export const I_sort: string[] | Promise<string[]> = fI('k', sort, () => [['b','a']]);
export const I_opts: string[] | Promise<string[]> = fI('k', opts, () => [{ names: ['a'], deep: { list: [1] } }]);
export const I_none: Date | Promise<Date> = fI('k', tasks.now, () => []);
export const I_own: string | Promise<string> = fI('k', (a: number, b: string) => `${a}${b}`, () => [1, 'b']);
