import { ExecutorSaturatedError, FuturesContextError } from '../errors/index.js';
import { told } from '../errors/outside-text.js';

/** Why a ledger takes no submission. @internal */
export const refusals = {
  shuttingDown(key: string): Error {
    return new ExecutorSaturatedError('The app is shutting down and takes no new futures.', 1, {
      key,
    });
  },
  notReplayed(key: string): Error {
    return new FuturesContextError(
      told`The future "${key}" was submitted on a route that is not replayed, because nothing shows that it uses futures. ` +
        `Put @UseFutures() on the route or its controller; for GraphQL field resolvers enable interceptors (fieldResolverEnhancers: ['interceptors']).`,
      { key },
    );
  },
  betweenPasses(key: string): Error {
    return new FuturesContextError(
      told`The future "${key}" was submitted after its pass had been discarded. Await what the handler starts before it returns.`,
      { key },
    );
  },
  ended(key: string): Error {
    return new FuturesContextError(
      told`The future "${key}" was submitted after the response had been published. ` +
        `Submit in the handler, or in what it calls; in an async generator or a stream that the handler returns, before its first chunk.`,
      { key },
    );
  },
};
