import { FuturesException } from './futures.exception.js';

/**
 * A request was still submitting in its last allowed pass.
 *
 * @publicApi
 */
export class ReplayLimitError extends FuturesException {
  readonly code = 'ERR_FUTURES_REPLAY_LIMIT';

  constructor(
    /** The option `maxPasses`. */
    readonly maxPasses: number,
    /** The keys submitted in each pass, the first pass first. */
    readonly submitted: readonly (readonly string[])[],
    /** Keys whose value was computed but not asked for in the pass that followed. */
    readonly drifting: readonly string[],
  ) {
    const passes = submitted.map((keys, i) => `  pass ${i + 1}: ${keys.join(', ')}`).join('\n');
    const diagnosis =
      drifting.length > 0
        ? `These were computed but not asked for again, so their keys drift from pass to pass: ${drifting.join(', ')}. ` +
          `Build keys only from what a replay repeats: no time, random value or counter.`
        : `Each pass asked for something new. If the chain of dependent futures is meant to be that long, raise "maxPasses".`;
    super(
      `The request was still submitting futures in pass ${maxPasses}, its last.\n${passes}\n${diagnosis}`,
    );
  }
}

/**
 * A request submitted more futures than it may hold.
 *
 * @publicApi
 */
export class TooManyFuturesError extends FuturesException {
  readonly code = 'ERR_FUTURES_TOO_MANY';

  constructor(
    /** The option `maxFutures`. */
    readonly maxFutures: number,
    key: string,
  ) {
    super(
      `The future "${key}" would be one more than the ${maxFutures} a request may hold. ` +
        `Submit fewer, larger tasks, or raise "maxFutures".`,
      { key },
    );
  }
}

/**
 * The handler wrote to the response by itself (`@Res()`) while futures were pending, so that this
 * pass could not be discarded. The response stands as it was written; this is logged.
 *
 * @publicApi
 */
export class ResponseCommittedError extends FuturesException {
  readonly code = 'ERR_FUTURES_RESPONSE_COMMITTED';

  constructor(keys: readonly string[]) {
    super(
      `The response was written while futures were pending (${keys.join(', ')}): it cannot be taken back, so the request is not replayed. ` +
        `Call barrier() before writing to the response, or return the value instead of using @Res().`,
    );
  }
}

/**
 * Raised inside a pass that is being discarded, so that what surrounds the handler sees a failed
 * run and rolls back. It never leaves the outermost interceptor.
 *
 * @publicApi
 */
export class PassDiscardedError extends FuturesException {
  readonly code = 'ERR_FUTURES_PASS_DISCARDED';

  constructor(
    /** The pass that is discarded, from 1. */
    readonly pass: number,
    cause?: unknown,
  ) {
    super(
      `Pass ${pass} is discarded: futures are pending. The request is replayed once they are resolved.`,
      {
        cause,
      },
    );
  }
}

/**
 * A handler does not do the same when it is run again with the same futures, so that its replay
 * cannot be trusted. Found by the option `strict`, which logs it, and by `assertReplaySafe()`.
 *
 * @publicApi
 */
export class ReplayUnsafeError extends FuturesException {
  readonly code = 'ERR_FUTURES_REPLAY_UNSAFE';

  constructor(
    /** The route, or what else was run again. */
    readonly route: string,
    /** The first difference, with the path to it. */
    readonly difference: string,
  ) {
    super(
      `${route} is not safe to replay: ${difference}. ` +
        `Take time, random values and state that outlives a pass out of what a replay repeats, or compute them in a task.`,
    );
  }
}
