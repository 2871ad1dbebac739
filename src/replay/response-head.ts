import type { OutgoingHttpHeader, ServerResponse } from 'node:http';

/**
 * Status and headers of a response, cookies included. What a discarded pass did to them is undone.
 *
 * @internal
 */
export interface ResponseHead {
  /** Whether it was sent, so that nothing can be undone any more. */
  readonly isSent: boolean;
  /** Keeps it as it is now. */
  remember(): void;
  /** Makes it again what was remembered. */
  restore(): void;
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

/** The head of an Express response or a Fastify reply. @internal */
export function responseHeadOf(response: object): ResponseHead {
  return 'raw' in response
    ? new FastifyResponseHead(response as FastifyReply)
    : new RawResponseHead(response as ServerResponse);
}

class RawResponseHead implements ResponseHead {
  readonly #response: ServerResponse;
  headers: NodeJS.Dict<OutgoingHttpHeader> = {};
  #status = 200;
  #message: string | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  remember(): void {
    this.#status = this.#response.statusCode;
    this.#message = this.#response.statusMessage;
    this.headers = this.#response.getHeaders();
  }

  get isSent(): boolean {
    return this.#response.headersSent || this.#response.writableEnded;
  }

  restore(): void {
    const response = this.#response;
    response.statusCode = this.#status;
    response.statusMessage = this.#message as string;
    for (const name of response.getHeaderNames()) {
      if (!(name in this.headers)) response.removeHeader(name);
    }
    for (const [name, value] of Object.entries(this.headers)) {
      if (value !== undefined && response.getHeader(name) !== value)
        response.setHeader(name, value);
    }
  }

  setHeader(name: string, value: string): void {
    this.#response.setHeader(name, value);
  }
}

/** Fastify keeps headers of its own beside those of the raw response, and merges them at the end. */
class FastifyResponseHead implements ResponseHead {
  readonly #reply: FastifyReply;
  readonly #raw: RawResponseHead;
  #status = 200;
  #headers: [string, OutgoingHttpHeader][] = [];
  #cookies: [unknown, unknown][] = [];

  constructor(reply: FastifyReply) {
    this.#reply = reply;
    this.#raw = new RawResponseHead(reply.raw);
  }

  remember(): void {
    const reply = this.#reply;
    this.#raw.remember();
    this.#status = reply.statusCode;
    this.#headers = Object.entries(reply.getHeaders()).filter(
      (entry): entry is [string, OutgoingHttpHeader] =>
        entry[1] !== undefined && this.#raw.headers[entry[0]] !== entry[1],
    );
    this.#cookies = [...(cookiesOf(reply) ?? [])];
  }

  get isSent(): boolean {
    return this.#reply.sent || this.#raw.isSent;
  }

  restore(): void {
    this.#raw.restore();
    this.#reply.statusCode = this.#status;
    for (const name of Object.keys(this.#reply.getHeaders())) this.#reply.removeHeader(name);
    for (const [name, value] of this.#headers) this.#reply.header(name, value);
    const cookies = cookiesOf(this.#reply);
    cookies?.clear();
    for (const [name, cookie] of this.#cookies) cookies?.set(name, cookie);
  }

  setHeader(name: string, value: string): void {
    this.#reply.header(name, value);
  }
}

/** Where @fastify/cookie keeps cookies until the reply is sent; undefined where it is not used. */
function cookiesOf(reply: FastifyReply): Map<unknown, unknown> | undefined {
  for (const symbol of Object.getOwnPropertySymbols(reply)) {
    if (symbol.description !== 'fastify.reply.setCookies') continue;
    const cookies = (reply as unknown as Record<symbol, unknown>)[symbol];
    return cookies instanceof Map ? cookies : undefined;
  }
  return undefined;
}
