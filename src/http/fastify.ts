import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { logThrown } from '../errors/text.js';
import { Logger } from '@nestjs/common';
import type { HttpAdapter, RouteHandler } from './http-adapter.js';
import { rememberOwn, shareProperty } from './own-state.js';
import { NodeResponseHead, type ResponseHead } from './response-head.js';
import { PARSED_UPLOAD, isMultipart, type UploadFields } from './uploads.js';

const logger = new Logger('Futures');

interface Request extends UploadFields {
  readonly raw: object;
  readonly headers: IncomingHttpHeaders;
  readonly server?: object;
  readonly routeOptions?: { readonly handler?: RouteHandler };
  isMultipart?: () => boolean;
}

interface Reply {
  readonly raw: ServerResponse;
  header(name: string, value: unknown): void;
  send(payload: unknown): unknown;
  /** Added by @fastify/view. */
  view?: (view: string, model: unknown) => unknown;
  viewAsync?: (view: string, model: unknown) => Promise<string>;
}

/**
 * Fastify 5. Its requests and replies wrap Node's own.
 *
 * @internal
 */
export const fastify: HttpAdapter = {
  raw: (message) => (message as Reply).raw,

  server: (request) => (request as Request).server,

  head: (response) => new FastifyResponseHead(response as Reply),

  routeHandler: (request) => (request as Request).routeOptions?.handler,

  fail(error, response) {
    const reply = response as Reply;
    if (fastify.head(reply).isSent) logThrown(logger, error);
    else reply.send(error);
  },

  renderer(response) {
    const reply = response as Reply;
    const { viewAsync } = reply;
    return (
      viewAsync && {
        render: (view, model) => viewAsync.call(reply, view, model),
        preset(page) {
          reply.view = () => reply.send(page);
        },
      }
    );
  },

  keepUpload(request, parsed) {
    const upload = request as Request;
    if (!isMultipart(upload)) return;
    if (request !== parsed) shareSavedFiles(request, parsed);
    // Without these, a hook of the server parsed it (`attachFieldsToBody`), not an interceptor.
    if (!Object.hasOwn(parsed, 'file') && !Object.hasOwn(parsed, 'files')) return;
    // Nest's interceptors for Fastify skip such a request, too, but they clear the fields first.
    upload.isMultipart = () => false;
    for (const field of PARSED_UPLOAD) pin(request, field, (parsed as Request)[field]);
  },
};

/**
 * Fastify keeps headers, trailers and the serializer in fields of the reply, and @fastify/cookie
 * keeps its cookies there: all under symbols, next to what the app decorates replies with.
 */
class FastifyResponseHead implements ResponseHead {
  readonly #reply: Reply;
  readonly #raw: NodeResponseHead;

  constructor(reply: Reply) {
    this.#reply = reply;
    this.#raw = new NodeResponseHead(reply.raw);
  }

  get status(): number {
    return this.#raw.status;
  }

  /** A hijacked reply is not sent yet: that can be undone until something is written. */
  get isSent(): boolean {
    return this.#raw.isSent;
  }

  remember(): () => void {
    const restoreRaw = this.#raw.remember();
    const restoreReply = rememberOwn(this.#reply, keysOf);
    return () => {
      restoreRaw();
      restoreReply();
    };
  }

  setHeader(name: string, value: string): void {
    this.#reply.header(name, value);
  }
}

/** All keys of a reply except those that belong to the server. */
function keysOf(reply: Reply): PropertyKey[] {
  const keys = Reflect.ownKeys(reply);
  let kept = 0;
  for (const key of keys) {
    if (key !== 'raw' && key !== 'request' && key !== 'log') keys[kept++] = key;
  }
  keys.length = kept;
  return keys;
}

/** Names or symbol descriptions where `saveRequestFiles()` of @fastify/multipart keeps files. */
const SAVED_FILES = new Set<string | undefined>([
  'tmpUploads',
  'savedRequestFiles',
  'savedRequestFilesResult',
  'responseEnded',
]);

/**
 * Keeps what `saveRequestFiles()` saves on the server's own request. The next pass finds it there,
 * and so does the hook that removes the files after the response has ended.
 */
function shareSavedFiles(clone: object, request: object): void {
  for (const key of Reflect.ownKeys(request)) {
    if (SAVED_FILES.has(typeof key === 'symbol' ? key.description : key)) {
      shareProperty(clone, request, key);
    }
  }
}

/** Makes the property ignore an assignment of `undefined`. */
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
