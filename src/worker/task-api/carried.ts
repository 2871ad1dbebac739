import { carriedValues } from '../carried.js';

/**
 * What the module's option `carry` gave for the call that runs: a request id, a tenant, anything
 * that logs of the task should name. It is found through the async context, so it is the same in
 * everything that the task awaits or starts. Each call has a copy of its own.
 *
 * @returns undefined outside of a task, or if there is no option `carry`, or it gave undefined
 *
 * @example
 * ```ts
 * // FuturesModule.forRoot({ carry: () => ({ requestId: cls.getId() }) })
 * export function render(rows: Row[]): string {
 *   log.info({ ...carried<{ requestId: string }>(), rows: rows.length }, 'render');
 *   …
 * }
 * ```
 *
 * @publicApi
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- only the caller knows what `carry` returns
export function carried<T extends object>(): T | undefined {
  return carriedValues.value as T | undefined;
}
