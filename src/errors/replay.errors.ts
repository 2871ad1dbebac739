import { FuturesException, isFuturesException } from './futures.exception.js';
import { told } from './text.js';

/**
 * A request still submitted futures in its last allowed pass, or kept a discarded outcome.
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
    /** Keys whose value was computed but not asked for in the next pass. */
    readonly drifting: readonly string[],
    { differs, kept }: ReplayLimitDetails = {},
  ) {
    super(
      kept === undefined
        ? `The request was still submitting futures in pass ${maxPasses}, its last.\n${listed(submitted)}\n${diagnosis(drifting, differs)}`
        : `An outcome of pass ${kept.from}, which was discarded, was kept until pass ${kept.until}, and cannot be published. ` +
            `Something keeps a promise between passes, such as a field of a provider or a cache: do not keep it there, ` +
            `or keep it with once(), or use replay: 'request', which makes request-scoped providers anew.`,
    );
  }
}

/** More about why a request did not finish. */
interface ReplayLimitDetails {
  /** The key, and the path in its arguments, that differs from pass to pass. */
  readonly differs?: string | undefined;
  /** The pass whose outcome was kept, and the pass in which it appeared again. */
  readonly kept?: { readonly from: number; readonly until: number };
}

function listed(submitted: readonly (readonly string[])[]): string {
  return submitted.map((keys, i) => told`  pass ${i + 1}: ${keys}`).join('\n');
}

function diagnosis(drifting: readonly string[], differs: string | undefined): string {
  if (differs !== undefined) {
    return `The arguments differ from pass to pass: ${differs}. Build arguments only from what a replay repeats, or keep it with once().`;
  }
  return drifting.length > 0
    ? told`These were computed but not asked for again, so their keys drift from pass to pass: ${drifting}. ` +
        `Build keys only from what a replay repeats: no time, random value or counter.`
    : `Each pass asked for something new. If the chain of dependent futures is meant to be that long, raise "maxPasses".`;
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
      told`The future "${key}" would be one more than the ${maxFutures} a request may hold. ` +
        `Submit fewer, larger tasks, or raise "maxFutures".`,
      { key },
    );
  }
}

/**
 * The response was sent while futures were pending, so this pass could not be discarded. The
 * handler sent it (`@Res()`), or something else answered instead, such as a timeout. The
 * response stays as it was sent; this error is logged.
 *
 * @publicApi
 */
export class ResponseCommittedError extends FuturesException {
  readonly code = 'ERR_FUTURES_RESPONSE_COMMITTED';

  constructor(
    keys: readonly string[],
    /** When it was sent: while the handler ran, or between two passes, while tasks ran. */
    readonly sentDuring: 'pass' | 'tasks' = 'pass',
  ) {
    super(
      sentDuring === 'pass'
        ? told`The response was written while futures were pending (${keys}): it cannot be taken back, so the request is not replayed. ` +
            `Call barrier() before writing to the response, or return the value instead of using @Res(). ` +
            `If a timeout wrote it (a middleware, Fastify's "handlerTimeout"), let that one wait for longer than the handler takes.`
        : told`The response was sent while the tasks of its request ran (${keys}), when its handler did not: most likely by a timeout (a middleware, Fastify's "handlerTimeout"). ` +
            `The tasks were given up, as if the client had gone, and the request is not replayed. ` +
            `Let that timeout wait for longer than the tasks may wait and run ("queueTimeout", "timeout"), or lower these.`,
    );
  }
}

/** Why the body of a request cannot be read again. */
export type BodyLoss = 'size' | 'destroyed' | 'guard' | 'listeners';

const LOSSES: Record<BodyLoss, string> = {
  size: 'an earlier pass read more of it than the 1 MiB that are kept for the next pass',
  destroyed:
    'an earlier pass stopped in the middle of it (by leaving a "for await" loop, or by destroy()), which ends the stream',
  guard: 'a guard or a middleware read it before the first pass, so that nothing of it was kept',
  listeners:
    'an earlier pass called removeAllListeners() on the request, so that not all of it was kept',
};

/**
 * A pass reads the body of the request from its stream, but an earlier pass has read it, and it was
 * not kept. Bodies that were parsed before the handler, and up to 1 MiB of others, are there in
 * each pass.
 *
 * @publicApi
 */
export class BodySpentError extends FuturesException {
  readonly code = 'ERR_FUTURES_BODY_SPENT';

  constructor(
    /** The pass that reads the body again, from 1. */
    readonly pass: number,
    loss: BodyLoss,
  ) {
    super(
      `The body of the request cannot be read again in pass ${pass}: ${LOSSES[loss]}. ` +
        `Read it once for all passes: in a middleware, or in a plain function that is a future, ` +
        `such as futures.resultOrSubmit('upload', undefined, () => save(request)).`,
    );
  }
}

/**
 * The pass that was to be published did not ask for a value whose placeholder an earlier pass got.
 * So the response may contain that placeholder: something kept it between passes. See the option
 * `unread`.
 *
 * @publicApi
 */
export class FutureUnreadError extends FuturesException {
  readonly code = 'ERR_FUTURES_UNREAD';

  constructor(
    /** The keys that were not asked for. */
    readonly keys: readonly string[],
    /** The passes that got their placeholders, from 1. */
    readonly passes: readonly number[],
    /** The pass that was to be published. */
    readonly pass: number,
  ) {
    super(
      told`Pass ${pass} did not ask for ${keys}, which pass ${passes.join(', ')} was given a placeholder for: the response may hold that placeholder. ` +
        `Something keeps it between passes: a field of a provider, a memo, a cache, a DataLoader, a CLS store. ` +
        `Do not keep it there; or use replay: 'request', which makes request-scoped providers anew; or compute it in once(); ` +
        `or call clear(key) in a pass that does not need it. To be warned only: unread: 'warn'.`,
      { key: keys[0] },
    );
  }
}

/**
 * Thrown inside a pass that is being discarded, so that the code around the handler sees a failed
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
 * Whether a caught value only says that its pass is discarded: nothing failed, and the request goes
 * on. Loggers, metrics and tracers around handlers should ignore it, and pass it on.
 *
 * Only the value itself is checked. An error that has a `PassDiscardedError` as its `cause` is
 * another error, and may be what the client gets. If your own code wraps errors, check
 * `error.cause`.
 *
 * @example
 * ```ts
 * tap({ error: (error) => { if (!isPassDiscarded(error)) failures.inc(); } })
 * ```
 *
 * @publicApi
 */
export function isPassDiscarded(value: unknown): value is PassDiscardedError {
  // By code, not class: a second copy of the package has its own class.
  return isFuturesException(value) && value.code === 'ERR_FUTURES_PASS_DISCARDED';
}

/**
 * A handler behaves differently when it runs again with the same futures, so its replay cannot be
 * trusted. Found by the option `strict`, which logs it, and by `assertReplaySafe()`.
 *
 * @publicApi
 */
export class ReplayUnsafeError extends FuturesException {
  readonly code = 'ERR_FUTURES_REPLAY_UNSAFE';

  constructor(
    /** The route, or what else ran again. */
    readonly route: string,
    /** The first difference, and the path to it. */
    readonly difference: string,
  ) {
    super(
      told`${route} is not safe to replay: ` +
        `${difference}. ` +
        `Take time, random values and state that outlives a pass out of what a replay repeats, or compute them in a task.`,
    );
  }
}
