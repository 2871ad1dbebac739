import { IncomingMessage, ServerResponse, type OutgoingHttpHeader } from 'node:http';
import { Socket } from 'node:net';
import { ExecutorSaturatedError } from '../errors/index.js';
import { isA } from '../errors/text.js';
import { rememberOwn } from './own-state.js';

/**
 * What a response will be sent with: status, headers, cookies, trailers, and what an app attaches
 * to the object itself. What a discarded pass changed in it is undone.
 *
 * @internal
 */
export interface ResponseHead {
  /** Whether it was sent, so that nothing can be undone any more. */
  readonly isSent: boolean;
  /** The current status; 0 if there is none. */
  readonly status: number;
  /** Returns a function that restores the head to its current state. */
  remember(): () => void;
  setHeader(name: string, value: string): void;
}

/** Tells the client when to try again, if the error says so. @internal */
export function setRetryAfter(head: ResponseHead, error: unknown): void {
  if (!isA(error, ExecutorSaturatedError) || head.isSent) return;
  head.setHeader('Retry-After', String(error.retryAfter));
}

/** Stands in for the head if there is no response. @internal */
export const NO_HEAD: ResponseHead = Object.freeze({
  isSent: false,
  status: 0,
  remember: () => () => {},
  setHeader: () => {},
});

/**
 * The head of Node's own response, which in Express is the response itself.
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
      // After the headers: Node changes some settings when a header is removed.
      SETTINGS.forEach((name, i) => {
        // Setting a property on an Express response is slow.
        if (Reflect.get(response, name) !== settings[i]) Reflect.set(response, name, settings[i]);
      });
    };
  }

  setHeader(name: string, value: string): void {
    this.#response.setHeader(name, value);
  }
}

const NONE: NodeJS.Dict<OutgoingHttpHeader> = Object.freeze({});

/** A header with several values is an array, which is changed in place when one is added. */
function copyOf(headers: NodeJS.Dict<OutgoingHttpHeader>): NodeJS.Dict<OutgoingHttpHeader> {
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'object') headers[name] = [...value];
  }
  return headers;
}

/**
 * The settings that Node keeps in fields of a response. Node itself sets those with an underscore,
 * when a trailer is added or one of its own headers is removed.
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

/** Node's own keys, which come first. Not restored: the connection and the listeners live on. */
const KEYS_OF_NODE = Object.keys(new ServerResponse(new IncomingMessage(new Socket())));
const OF_NODE: ReadonlySet<string> = new Set([...KEYS_OF_NODE, ...SETTINGS]);

/**
 * Keys that the app, or a library in it, attaches to a response, such as `locals` or a replaced
 * method; and the trailers, where Node's HTTP/2 keeps them.
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
