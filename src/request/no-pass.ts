import { FuturesContextError } from '../errors/index.js';
import { told } from '../errors/text.js';

/** What runs before pass 1, by the method that Nest calls. */
const EARLY = { canActivate: 'guard', use: 'middleware' } as const;

/**
 * The error for a use of `FuturesService` while no pass runs. It names what used it, as far as the
 * stack and the request tell.
 *
 * @param request what Nest made a request-scoped service for; undefined: it was made for none
 * @internal
 */
export function noPassError(scope: 'request' | 'singleton', request?: object): FuturesContextError {
  const early = callers().find((each) => nameOf(each) in EARLY && each.getTypeName() !== 'Object');
  if (early !== undefined) {
    const kind = EARLY[nameOf(early) as keyof typeof EARLY];
    const owner = early.getTypeName() ?? '';
    return new FuturesContextError(
      told`The ${kind} ${owner} used FuturesService before pass 1${routeOf(request)}: only what runs in a pass can be replayed. ` +
        `Await the value instead (await workerPool.run(task, ...args), with an injected WorkerPool), or move it into the handler, an interceptor or a pipe.`,
    );
  }
  if (scope === 'request' && request === undefined) {
    return new FuturesContextError(
      'This FuturesService was made for no request (app.resolve(), or a provider outside of requests), and it belongs to one. ' +
        "Take it in a handler with @Futures(), make it find its request with FuturesModule.forRoot({ scope: 'singleton' }), or use WorkerPool outside of requests.",
    );
  }
  return new FuturesContextError(
    'FuturesService was used where no request is handled: outside a request, in middleware or a guard, or on a route that is not replayed. ' +
      'Use it in the handler and what it calls; put @UseFutures() on the route if the module cannot see that it uses futures; use WorkerPool outside requests.',
  );
}

/** The calling functions, more of them than a stack usually has. */
function callers(): NodeJS.CallSite[] {
  const { stackTraceLimit } = Error;
  const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  Error.stackTraceLimit = 50;
  Error.prepareStackTrace = (_error, sites) => sites;
  const { stack } = new Error('who calls') as { stack?: NodeJS.CallSite[] | string };
  Error.stackTraceLimit = stackTraceLimit;
  if (prepare === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
  else Object.defineProperty(Error, 'prepareStackTrace', prepare);
  return Array.isArray(stack) ? stack : [];
}

function nameOf(site: NodeJS.CallSite): string {
  return site.getFunctionName()?.split('.').at(-1) ?? '';
}

/** The method and path of an HTTP request. */
function routeOf(request: object | undefined): string {
  const { method, url } = (request ?? {}) as { readonly method?: unknown; readonly url?: unknown };
  return typeof method === 'string' && typeof url === 'string' ? ` of ${method} ${url}` : '';
}
