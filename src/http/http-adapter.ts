import type { ResponseHead } from './response-head.js';

/** The handler that Nest registered with the server for a route. */
export type RouteHandler = (request: object, response: object, next: Next) => unknown;

/** Express's callback for errors. */
export type Next = (error: unknown) => void;

/** Renders a template to a string, and makes the framework send a page that is already rendered. */
export interface PageRenderer {
  render(view: string, model: unknown): Promise<string>;
  /** Makes the response answer the next `@Render()` with this page. */
  preset(page: string): void;
}

/**
 * What the module has to know about an HTTP framework. Requests and responses are the framework's
 * own objects, as Nest passes them to handlers.
 *
 * @internal
 */
export interface HttpAdapter {
  /** Node's own request or response behind the framework's. */
  raw(message: object): object;
  /** The server instance that a request belongs to: the Express app, or the Fastify instance. */
  server(request: object): object | undefined;
  head(response: object): ResponseHead;
  /** The handler of the request's route; undefined if the framework does not expose it. */
  routeHandler(request: object): RouteHandler | undefined;
  /** Answers with an error in the way the framework does when a route's handler rejects. */
  fail(error: Error, response: object, next: Next): void;
  /** Undefined if no template engine is registered. */
  renderer(response: object): PageRenderer | undefined;
  /**
   * Keeps upload interceptors from reading a multipart body again: the first pass has read it, and
   * the next passes get what was parsed then. Other bodies are parsed by middleware or hooks, which
   * are not replayed.
   *
   * @param request the request of the next pass
   * @param parsed the request of the first pass
   */
  keepUpload(request: object, parsed: object): void;
}
