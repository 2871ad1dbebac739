import { express } from './express.js';
import { fastify } from './fastify.js';
import type { HttpAdapter } from './http-adapter.js';
import { NO_HEAD, type ResponseHead } from './response-head.js';

/** The adapter of a request or a response. @internal */
export function adapterOf(message: object): HttpAdapter {
  return 'raw' in message ? fastify : express;
}

/** Node's own request or response. @internal */
export function rawOf(message: object): object;
export function rawOf(message: object | undefined): object | undefined;
export function rawOf(message: object | undefined): object | undefined {
  return message && adapterOf(message).raw(message);
}

/** The head of a response; without a response, a head that does nothing. @internal */
export function headOf(response: object | undefined): ResponseHead {
  return response === undefined ? NO_HEAD : adapterOf(response).head(response);
}
