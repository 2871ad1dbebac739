import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import { ExecutorSaturatedError } from '../errors/index.js';
import { isA } from '../errors/is-a.js';

/**
 * Status and headers of a response, cookies included. What a discarded pass did to them is undone.
 *
 * @internal
 */
export interface ResponseHead {
  /** Whether it was sent, so that nothing can be undone any more. */
  readonly isSent: boolean;
  /** Returns a function that makes the head again what it is now. */
  remember(): () => void;
  setHeader(name: string, value: string): void;
}

interface FastifyReply {
  readonly raw: ServerResponse;
  readonly sent: boolean;
  statusCode: number;
  getHeaders(): Record<string, OutgoingHttpHeader | undefined>;
  removeHeader(name: string): void;
  header(name: string, value: unknown): void;
}

/** Tells the client when to try again, if that is what the error says. @internal */
export function setRetryAfter(head: ResponseHead, error: unknown): void {
  if (!isA(error, ExecutorSaturatedError) || head.isSent) return;
  head.setHeader('Retry-After', String(error.retryAfter));
}

/** The head of an Express response or a Fastify reply; of nothing, where there is no such thing. @internal */
export function responseHeadOf(response: object | undefined): ResponseHead {
  if (response === undefined) return NO_HEAD;
  return 'raw' in response
    ? new FastifyResponseHead(response as FastifyReply)
    : new RawResponseHead(response as ServerResponse);
}

const NO_HEAD: ResponseHead = Object.freeze({
  isSent: false,
  remember: () => () => {},
  setHeader: () => {},
});

class RawResponseHead implements ResponseHead {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get isSent(): boolean {
    return this.#response.headersSent || this.#response.writableEnded;
  }

  remember(): () => void {
    const response = this.#response;
    const { statusCode } = response;
    // HTTP/2 has none, and Node warns of each look at it.
    const statusMessage = isHttp2(response) ? undefined : response.statusMessage;
    const headers = response.getHeaderNames().length === 0 ? NONE : copyOf(response.getHeaders());
    return () => {
      // Express's responses are slow to be written to.
      if (response.statusCode !== statusCode) response.statusCode = statusCode;
      if (!isHttp2(response) && response.statusMessage !== statusMessage) {
        response.statusMessage = statusMessage as string;
      }
      for (const name of response.getHeaderNames()) {
        if (!(name in headers)) response.removeHeader(name);
      }
      for (const [name, value] of Object.entries(headers)) {
        if (value !== undefined && response.getHeader(name) !== value) {
          response.setHeader(name, typeof value === 'object' ? [...value] : value);
        }
      }
    };
  }

  setHeader(name: string, value: string): void {
    this.#response.setHeader(name, value);
  }
}

function isHttp2(response: ServerResponse): boolean {
  return 'stream' in response;
}

const NONE: NodeJS.Dict<OutgoingHttpHeader> = Object.freeze({});

/** Several values are an array, which is changed in place when one is added. */
function copyOf(headers: NodeJS.Dict<OutgoingHttpHeader>): NodeJS.Dict<OutgoingHttpHeader> {
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'object') headers[name] = [...value];
  }
  return headers;
}

/** Fastify keeps headers of its own beside those of the raw response, and merges them at the end. */
class FastifyResponseHead implements ResponseHead {
  readonly #reply: FastifyReply;
  readonly #raw: RawResponseHead;

  constructor(reply: FastifyReply) {
    this.#reply = reply;
    this.#raw = new RawResponseHead(reply.raw);
  }

  get isSent(): boolean {
    return this.#reply.sent || this.#raw.isSent;
  }

  remember(): () => void {
    const reply = this.#reply;
    const restoreRaw = this.#raw.remember();
    const { statusCode } = reply;
    const headers = headersBesideRaw(reply);
    const cookies = [...(cookiesOf(reply) ?? [])];
    return () => {
      reply.statusCode = statusCode;
      // Takes them from the raw response too.
      for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name);
      restoreRaw();
      for (const [name, value] of headers) {
        reply.header(name, typeof value === 'object' ? [...value] : value);
      }
      const current = cookiesOf(reply);
      current?.clear();
      for (const [name, cookie] of cookies) current?.set(name, cookie);
    };
  }

  setHeader(name: string, value: string): void {
    this.#reply.header(name, value);
  }
}

/** What Fastify keeps itself. */
function headersBesideRaw(reply: FastifyReply): [name: string, value: OutgoingHttpHeader][] {
  const all = Object.entries(reply.getHeaders());
  if (all.length === 0) return [];
  const rawHeaders = reply.raw.getHeaders();
  return all.flatMap(([name, value]) =>
    value === undefined || rawHeaders[name] === value
      ? []
      : [[name, typeof value === 'object' ? [...value] : value]],
  );
}

/** Where @fastify/cookie keeps cookies until the reply is sent; undefined where it is not used. */
function cookiesOf(reply: FastifyReply): Map<unknown, unknown> | undefined {
  const symbol = cookieSymbolOf(reply);
  if (symbol === undefined) return undefined;
  const cookies = (reply as unknown as Record<symbol, unknown>)[symbol];
  return cookies instanceof Map ? cookies : undefined;
}

/** By the class of a reply: each of Fastify's contexts has its own, and decorates all replies of it alike. */
const cookieSymbols = new WeakMap<object, { readonly symbol: symbol | undefined }>();

function cookieSymbolOf(reply: FastifyReply): symbol | undefined {
  const { constructor } = reply;
  let known = cookieSymbols.get(constructor);
  if (known === undefined) {
    const symbols = Object.getOwnPropertySymbols(reply);
    known = {
      symbol: symbols.find(({ description }) => description === 'fastify.reply.setCookies'),
    };
    cookieSymbols.set(constructor, known);
  }
  return known.symbol;
}
