import type { IncomingHttpHeaders } from 'node:http';
import type { Call } from '../executors/executor.js';

/** The fields that upload interceptors leave on a request. */
export const PARSED_UPLOAD = ['body', 'file', 'files'] as const;

export type UploadFields = { -readonly [Field in (typeof PARSED_UPLOAD)[number]]?: unknown };

/** Whether the request has a multipart body. @internal */
export function isMultipart({ headers }: { readonly headers: IncomingHttpHeaders }): boolean {
  return headers['content-type']?.startsWith('multipart/') === true;
}

/** Nest marks a request with this symbol when its pipes rejected it (since 12.2). */
const REJECTED_BY_PIPES = Symbol.for('nestjs:rejected-by-pipes');

/**
 * Keeps upload interceptors from removing the files of a discarded pass: an error from one of its
 * pipes says nothing about the request.
 *
 * @internal
 */
export function dropRejection(request: object): void {
  Reflect.deleteProperty(request, REJECTED_BY_PIPES);
}

/** The fields of a request where parsers and upload interceptors leave memory. */
const PLACES = ['body', 'rawBody', 'file', 'files'] as const;
/** Levels to search: a property's descriptor, a form's field, a file in it, its memory. */
const DEPTH = 4;

/**
 * Gives the request a copy of memory that it holds and that a `transferList` is about to move to a
 * worker: an uploaded file, a binary body. Otherwise the next pass, which reads it again, would
 * find it empty. The task gets the original memory.
 *
 * @param holders the request, and what its next clone is made from
 * @internal
 */
export function copyMoved(
  holders: readonly object[],
  futures: Iterable<{ readonly call: Call }>,
): void {
  let moved: Set<unknown> | undefined;
  for (const {
    call: { transferList },
  } of futures) {
    if (transferList !== undefined) moved = new Set([...(moved ?? []), ...transferList]);
  }
  if (moved === undefined) return;
  for (const holder of holders) {
    for (const place of PLACES) copyIn(holder, place, moved, DEPTH);
  }
}

function copyIn(holder: object, key: string, moved: ReadonlySet<unknown>, depth: number): void {
  const value: unknown = Reflect.get(holder, key);
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof ArrayBuffer) {
    if (moved.has(value)) Reflect.set(holder, key, value.slice(0));
  } else if (ArrayBuffer.isView(value)) {
    if (moved.has(value.buffer)) Reflect.set(holder, key, copyOf(value));
  } else if (depth > 0) {
    for (const each of Object.keys(value)) copyIn(value, each, moved, depth - 1);
  }
}

function copyOf(view: ArrayBufferView): ArrayBufferView {
  return Buffer.isBuffer(view) ? Buffer.from(view) : structuredClone(view);
}
