import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { HttpAdapter, PageRenderer, RouteHandler } from './http-adapter.js';
import { NodeResponseHead } from './response-head.js';
import { PARSED_UPLOAD, isMultipart, type UploadFields } from './uploads.js';

interface Request extends UploadFields {
  readonly headers: IncomingHttpHeaders;
  readonly method: string;
  readonly app?: object;
  readonly route?: {
    readonly stack: readonly { readonly method?: string; handle: RouteHandler }[];
  };
}

interface Response {
  render?: Render;
  send(page: string): unknown;
}

type Render = (
  view: string,
  model: unknown,
  callback?: (error: Error | null, page: string) => void,
) => unknown;

/**
 * Express 4 and 5. Its requests and responses are Node's own.
 *
 * @internal
 */
export const express: HttpAdapter = {
  raw: (message) => message,

  server: (request) => (request as Request).app,

  head: (response) => new NodeResponseHead(response as ServerResponse),

  routeHandler(request) {
    const { route, method } = request as Request;
    const layer = route?.stack.findLast(
      (each) => each.method === undefined || each.method === method.toLowerCase(),
    );
    return (layer ?? route?.stack.at(-1))?.handle;
  },

  fail: (error, _response, next) => next(error),

  renderer(response) {
    const { render } = response as Response;
    return render && rendererOf(response as Response, render);
  },

  keepUpload(request, parsed) {
    const upload = request as Request;
    const source = parsed as Request;
    if (!isMultipart(upload)) return;
    // Nothing has parsed it yet.
    if (PARSED_UPLOAD.every((field) => source[field] === undefined)) return;
    // Multer skips a request that has neither of these headers.
    const { 'content-length': _, 'transfer-encoding': __, ...headers } = upload.headers;
    Object.defineProperty(request, 'headers', {
      value: headers,
      configurable: true,
      enumerable: true,
      writable: true,
    });
    for (const field of PARSED_UPLOAD) {
      if (source[field] !== undefined) upload[field] = source[field];
    }
  },
};

function rendererOf(response: Response, render: Render): PageRenderer {
  return {
    render: (view, model) =>
      new Promise((resolve, reject) => {
        // Express adds properties to the object that it gets, and that one is the handler's.
        const copy = typeof model === 'object' ? { ...model } : model;
        render.call(response, view, copy, (error, page) => {
          if (error) reject(error);
          else resolve(page);
        });
      }),
    preset(page) {
      response.render = (view, model, callback) =>
        callback === undefined ? response.send(page) : render.call(response, view, model, callback);
    },
  };
}
