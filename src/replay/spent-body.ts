import type { IncomingHttpHeaders } from 'node:http';
import { shareProperty } from './own-state.js';

interface UploadRequest {
  readonly headers: IncomingHttpHeaders;
  readonly raw?: object;
  isMultipart?: () => boolean;
  body?: unknown;
  file?: unknown;
  files?: unknown;
}

/** What upload interceptors leave on a request. */
const PARSED = ['body', 'file', 'files'] as const;

/**
 * Keeps upload interceptors from reading the body of a replayed request again: it was read in the
 * first pass, and what they parsed then stays. Other bodies are parsed by middleware or hooks,
 * which are not replayed.
 *
 * @param request the request of the next pass
 * @param parsed the request of the first pass
 * @internal
 */
export function keepParsedUpload(request: object, parsed: object): void {
  const upload = request as UploadRequest;
  if (upload.headers['content-type']?.startsWith('multipart/') !== true) return;
  const source = parsed as UploadRequest;
  if (upload.raw === undefined) {
    // Nobody parsed it yet.
    if (PARSED.every((field) => source[field] === undefined)) return;
    // Multer leaves a request alone that has neither of these headers.
    const { 'content-length': _, 'transfer-encoding': __, ...headers } = upload.headers;
    Object.defineProperty(request, 'headers', {
      value: headers,
      configurable: true,
      enumerable: true,
      writable: true,
    });
    for (const field of PARSED) if (source[field] !== undefined) upload[field] = source[field];
    return;
  }
  if (request !== parsed) shareSavedFiles(request, parsed);
  // Without these, no interceptor parsed it, but a hook of the server (`attachFieldsToBody`).
  if (!Object.hasOwn(parsed, 'file') && !Object.hasOwn(parsed, 'files')) return;
  // Nest's interceptors for Fastify skip such a request too, but clear the fields before.
  upload.isMultipart = () => false;
  for (const field of PARSED) pin(request, field, source[field]);
}

/** Where `saveRequestFiles()` of @fastify/multipart keeps what it saved, by name or description. */
const SAVED = new Set<string | undefined>([
  'tmpUploads',
  'savedRequestFiles',
  'savedRequestFilesResult',
  'responseEnded',
]);

/**
 * Keeps what `saveRequestFiles()` saves on the server's own request: there it is found by the next
 * pass, and by the hook that removes the files when the response has ended.
 */
function shareSavedFiles(clone: object, request: object): void {
  for (const key of Reflect.ownKeys(request)) {
    if (SAVED.has(typeof key === 'symbol' ? key.description : key)) {
      shareProperty(clone, request, key);
    }
  }
}

/** Makes `undefined` not overwrite the property's value. */
function pin(target: object, name: string, initial: unknown): void {
  let value = initial;
  Object.defineProperty(target, name, {
    configurable: true,
    enumerable: true,
    get: () => value,
    set: (next: unknown) => {
      if (next !== undefined) value = next;
    },
  });
}

/** Nest's mark of a request whose pipes rejected it (since 12.2). */
const REJECTED_BY_PIPES = Symbol.for('nestjs:rejected-by-pipes');

/**
 * Keeps upload interceptors from removing the files of a pass that is discarded: what a pipe of it
 * threw is no verdict on the request.
 *
 * @internal
 */
export function withdrawRejection(request: object): void {
  Reflect.deleteProperty(request, REJECTED_BY_PIPES);
}
