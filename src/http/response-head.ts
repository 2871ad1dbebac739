import { IncomingMessage, ServerResponse, type OutgoingHttpHeader } from 'node:http';
import { Socket } from 'node:net';
import { ExecutorSaturatedError } from '../errors/index.js';
import { isA } from '../errors/text.js';
import { rememberOwn } from './own-state.js';

/**
 * What a response is going to be sent with: status, headers, cookies, trailers, and what an app
 * hangs on the object itself. What a discarded pass did to it is undone.
 *
 * @internal
 */
export interface ResponseHead {
  /** Whether it was sent, so that nothing can be undone any more. */
  readonly isSent: boolean;
  /** The status as it is now; 0 where there is none. */
  readonly status: number;
  /** Returns a function that makes the head again what it is now. */
  remember(): () => void;
  setHeader(name: string, value: string): void;
}

/** Tells the client when to try again, if that is what the error says. @internal */
export function setRetryAfter(head: ResponseHead, error: unknown): void {
  if (!isA(error, ExecutorSaturatedError) || head.isSent) return;
  head.setHeader('Retry-After', String(error.retryAfter));
}

/** Stands for the head of a response that is not there. @internal */
export const NO_HEAD: ResponseHead = Object.freeze({
  isSent: false,
  status: 0,
  remember: () => () => {},
  setHeader: () => {},
});

/**
 * The head of a response of Node's own: in Express, that is the response itself.
 *
 * @internal
 */
export class NodeResponseHead implements ResponseHead {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get status(): number {
    return this.#response.statusCode;
  }

  get isSent(): boolean {
    return this.#response.headersSent || this.#response.writableEnded;
  }

  remember(): () => void {
    const response = this.#response;
    const headers = response.getHeaderNames().length === 0 ? NONE : copyOf(response.getHeaders());
    const settings = SETTINGS.map((name) => response[name as keyof ServerResponse]);
    const restoreOwn = rememberOwn(response, appKeysOf);
    return () => {
      restoreOwn();
      for (const name of response.getHeaderNames()) {
        if (!(name in headers)) response.removeHeader(name);
      }
      for (const [name, value] of Object.entries(headers)) {
        if (value !== undefined && response.getHeader(name) !== value) {
          response.setHeader(name, typeof value === 'object' ? [...value] : value);
        }
      }
      // After the headers: Node changes some of them when a header is removed.
      SETTINGS.forEach((name, i) => {
        // Express's responses are slow to be written to.
        if (Reflect.get(response, name) !== settings[i]) Reflect.set(response, name, settings[i]);
      });
    };
  }

  setHeader(name: string, value: string): void {
    this.#response.setHeader(name, value);
  }
}

const NONE: NodeJS.Dict<OutgoingHttpHeader> = Object.freeze({});

/** Several values are an array, which is changed in place when one is added. */
function copyOf(headers: NodeJS.Dict<OutgoingHttpHeader>): NodeJS.Dict<OutgoingHttpHeader> {
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'object') headers[name] = [...value];
  }
  return headers;
}

/**
 * What Node keeps in fields of a response. Those with an underscore it sets itself when a trailer
 * is added, or one of its own headers removed.
 */
const SETTINGS = [
  'statusCode',
  'sendDate',
  'shouldKeepAlive',
  'strictContentLength',
  'chunkedEncoding',
  'useChunkedEncodingByDefault',
  '_trailer',
  '_removedConnection',
  '_removedContLen',
  '_removedTE',
] as const;

/** What Node itself keeps on a response, before all else; the connection and the listeners live on. */
const KEYS_OF_NODE = Object.keys(new ServerResponse(new IncomingMessage(new Socket())));
const OF_NODE: ReadonlySet<string> = new Set([...KEYS_OF_NODE, ...SETTINGS]);

/**
 * What the app, or a library in it, hangs on a response, such as `locals` or a method that it
 * replaces; and the trailers, where Node's HTTP/2 keeps them.
 */
function appKeysOf(response: ServerResponse): PropertyKey[] {
  const keys = Object.keys(response);
  const isPlain = keys[KEYS_OF_NODE.length - 1] === KEYS_OF_NODE.at(-1);
  const ofApp: PropertyKey[] = (isPlain ? keys.slice(KEYS_OF_NODE.length) : keys).filter(
    (key) => !key.startsWith('_') && !OF_NODE.has(key),
  );
  if (!isHttp2(response)) return ofApp;
  return [...ofApp, ...Object.getOwnPropertySymbols(response).filter(isTrailers)];
}

function isHttp2(response: ServerResponse): boolean {
  return 'stream' in response;
}

function isTrailers({ description }: symbol): boolean {
  return description === 'trailers';
}
