import type { ExecutionContext } from '@nestjs/common';
import { FuturesOptionsError } from '../errors/index.js';
import {
  type Given,
  type Resolved,
  check,
  duration,
  integer,
  is,
  nested,
  oneOf,
  option,
  optional,
  resolve,
} from '../errors/options.js';
import { describe } from '../errors/text.js';
import type { Executor } from '../executors/executor.js';
import { INLINE_OPTIONS } from '../executors/inline.executor.js';
import { BYTE_LIMITS, PROCESS_OPTIONS, THREAD_OPTIONS, pool } from '../executors/pool-options.js';

/**
 * What runs again on a replay. `handler`: inner interceptors, pipes, parameter decorators and the
 * handler. `request`: a clone of the request, with a request scope of its own, also goes through
 * guards. Middleware does not run again.
 */
export type ReplayMode = 'handler' | 'request';

/** @internal */
export const REPLAY_MODES: readonly ReplayMode[] = ['handler', 'request'];

/** What happens if the published pass does not ask for a key whose placeholder was handed out. */
export type UnreadMode = 'error' | 'warn' | 'ignore';

/** @internal */
export const UNREAD_MODES: readonly UnreadMode[] = ['error', 'warn', 'ignore'];

/** The function of the option `onDiscard`: it gets the context of the pass, and is awaited. */
export type DiscardHook = (context: ExecutionContext) => unknown;

/** The function of the option `share`. */
export type ShareFunction = (context: ExecutionContext) => string | undefined;

/** The function of the option `carry`. */
export type CarryFunction = () => object | undefined;

/** The function of the option `weight`. */
export type WeightFunction = (share: string) => number | undefined;

const OPTIONS = {
  /** Where handles run: `thread`, `process`, `inline`, or one of `executors`. Default: `thread`. */
  executor: option<string>(is.anything, 'thread'),
  /** The thread pool. */
  threads: pool(THREAD_OPTIONS),
  /** The process pool. */
  processes: pool(PROCESS_OPTIONS),
  /** How handles run on the event loop, with the executor `inline`. */
  inline: nested(INLINE_OPTIONS),
  /** More executors, by name. Default: none. */
  executors: option<Readonly<Record<string, Executor>>>(is.object, Object.freeze({})),
  /** How long a task may run, in ms; the wait in the queue does not count. Default: 30 000. */
  timeout: option(duration(), 30_000),
  /** How long a task may wait in the queue, in ms. Default: 60 000. */
  queueTimeout: option(duration(), 60_000),
  /**
   * Names the share that a request belongs to: its user, its tenant or its route, say. While calls
   * wait, shares of one priority take turns, so that each gets as much run time as the others. The
   * function is called once per request, when it submits its first future. If it returns undefined,
   * the request is a share of its own. Default: one share per request.
   *
   * @example
   * ```ts
   * FuturesModule.forRoot({
   *   share: (context) => context.switchToHttp().getRequest().user?.tenant,
   *   weight: (tenant) => (paying.has(tenant) ? 4 : 1),
   * });
   * ```
   */
  share: optional<ShareFunction>(is.function),
  /** How much work a share may do, compared with others: a number over 0. Default: 1 for each. */
  weight: optional<WeightFunction>(is.function),
  /**
   * What goes with each call into its worker, where `carried()` of `nestjs-futures/task` returns
   * it: a request id, a tenant. It is called for each future when it is submitted, in the request's
   * async context. It must return a plain object of at most 4 096 characters as JSON, or undefined;
   * properties that are undefined are left out. Default: nothing is carried.
   *
   * @example
   * ```ts
   * FuturesModule.forRoot({ carry: () => ({ requestId: cls.getId() }) })
   * ```
   */
  carry: optional<CarryFunction>(is.function),
  ...BYTE_LIMITS,
  /** Maximum number of passes per request. Default: 5. */
  maxPasses: option(integer(1), 5),
  /** Maximum number of futures per request. Default: 1000. */
  maxFutures: option(integer(1), 1000),
  /** What runs again on a replay, see `ReplayMode`. Default: `handler`. */
  replay: option<ReplayMode>(oneOf(REPLAY_MODES), 'handler'),
  /**
   * What happens if the published pass does not ask for a key whose placeholder an earlier pass
   * got, so that the response may hold that placeholder. `error` answers with 500
   * (`FutureUnreadError`), `warn` logs it, `ignore` does nothing. Default: `error`.
   */
  unread: option<UnreadMode>(oneOf(UNREAD_MODES), 'error'),
  /**
   * For development: replays each request that used futures once more, discards that pass, and logs
   * differences in keys, tasks, arguments or result. Default: false.
   */
  strict: option<boolean>(is.boolean, false),
  /**
   * Runs for each discarded pass of the app, after the pass's own hooks and before its tasks start.
   * It is awaited. Use it for state that no transaction covers, such as the session of an ORM. If
   * it throws, no task starts, and the request fails with its error. Default: none.
   *
   * @example
   * ```ts
   * FuturesModule.forRoot({ onDiscard: () => orm.em.clear() });
   * ```
   */
  onDiscard: optional<DiscardHook>(is.function),
  /** Whether responses carry a `Server-Timing` header with passes and tasks. Default: false. */
  serverTiming: option<boolean>(is.boolean, false),
  /** How long in-flight requests may go on at shutdown, in ms. Default: 10 000. */
  shutdownTimeout: option(duration(0), 10_000),
};

/**
 * Options of `FuturesModule.forRoot()`; all are optional.
 *
 * @publicApi
 */
export type FuturesModuleOptions = Given<typeof OPTIONS>;

/** Options with the defaults filled in. @internal */
export type ResolvedOptions = Resolved<typeof OPTIONS>;

/** Built-in names, which `executors` cannot use. */
const BUILT_IN_EXECUTORS: ReadonlySet<string> = new Set(['thread', 'process', 'inline']);

/**
 * Fills in the defaults and checks every option.
 *
 * @throws FuturesOptionsError naming the option, its value and what is allowed
 * @internal
 */
export function resolveOptions(input: FuturesModuleOptions = {}): ResolvedOptions {
  const options = resolve(OPTIONS, input);
  for (const [name, executor] of Object.entries(options.executors)) checkExecutor(name, executor);
  const names = [...BUILT_IN_EXECUTORS, ...Object.keys(options.executors)];
  check('executor', options.executor, oneOf(names));
  if (options.weight !== undefined && options.share === undefined) {
    throw new FuturesOptionsError(
      'The option "weight" weighs the shares that the option "share" names: give "share" as well, or leave "weight" out.',
    );
  }
  return options;
}

function checkExecutor(name: string, executor: Partial<Executor> | null): void {
  if (BUILT_IN_EXECUTORS.has(name)) {
    throw new FuturesOptionsError(
      `The option "executors" cannot name one "${name}": that name is built in. Choose another.`,
    );
  }
  const members = ['run', 'stats', 'close'] as const;
  if (members.every((member) => typeof executor?.[member] === 'function')) return;
  throw new FuturesOptionsError(
    `The option "executors.${name}" must be an Executor (run, stats, close), but is ${describe(executor)}.`,
  );
}
