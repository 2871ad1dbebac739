import type { ExecutionContext } from '@nestjs/common';
import { availableParallelism } from 'node:os';
import type { ResourceLimits } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import type { ReplayMode } from './decorators/use-futures.decorator.js';
import type { UnreadMode } from './ledger/unread-mode.js';
import type { Executor } from './executors/executor.js';
import type { WorkerLimits } from './worker/worker-lifetime.js';

/** The process pool. It is made when it is first used, or at once if `min` is not 0. */
export interface ProcessOptions extends WorkerLimits {
  /** Workers kept alive when idle. Default: 0. */
  readonly min: number;
  /** Workers at most. Default: `os.availableParallelism()`. */
  readonly max: number;
  /** Calls that may wait for a worker; a batch that does not fit is refused whole. Default: 1024. */
  readonly maxQueue: number;
  /** After how many idle ms a worker above `min` is ended. Default: 30 000. */
  readonly idleTimeout: number;
  /** After how many tasks a worker is replaced by a new one. Default: never. */
  readonly maxTasksPerWorker: number | undefined;
  /** From how much memory in use after a task, heap and buffers, in MB, a worker is replaced. Default: never. */
  readonly maxHeapPerWorker: number | undefined;
}

/** The thread pool. It is made when it is first used, or at once if `min` is not 0. */
export interface ThreadOptions extends ProcessOptions {
  /** Memory limits of each thread, as `worker_threads` takes them. Default: none. */
  readonly resourceLimits: ResourceLimits | undefined;
  /** A piscina that you own: it is used as it is, and never closed. Default: none. */
  readonly pool: Piscina | undefined;
}

export type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** What the option `onDiscard` takes: it is given the context of the pass, and awaited. */
export type DiscardHook = (context: ExecutionContext) => unknown;

/**
 * Options of `FuturesModule.forRoot()`; each may be left out.
 *
 * @publicApi
 */
export interface FuturesModuleOptions {
  /** Where tasks of task files run unless told otherwise: `thread`, `process`, `inline`, or one of `executors`. Default: `thread`. */
  readonly executor?: string | undefined;
  readonly threads?: Optional<ThreadOptions> | undefined;
  readonly processes?: Optional<ProcessOptions> | undefined;
  /** More executors, by name. Default: none. */
  readonly executors?: Readonly<Record<string, Executor>> | undefined;
  /** How long a task may run, in ms; the wait in the queue does not count. Default: 30 000. */
  readonly timeout?: number | undefined;
  /** How long a task may wait in the queue, in ms. Default: 60 000. */
  readonly queueTimeout?: number | undefined;
  /**
   * The most bytes that the arguments of one task may have, as they are sent to a thread or a process.
   * Memory that is moved or shared does not count. Default: 268 435 456 (256 MiB).
   */
  readonly maxArgumentBytes?: number | undefined;
  /** The most bytes that the result of one task may have, as it is sent back. Default: 268 435 456 (256 MiB). */
  readonly maxResultBytes?: number | undefined;
  /** Passes of one request. Default: 5. */
  readonly maxPasses?: number | undefined;
  /** Futures of one request. Default: 1000. */
  readonly maxFutures?: number | undefined;
  /** What runs again on a replay, see `ReplayMode`. Default: `handler`. */
  readonly replay?: ReplayMode | undefined;
  /**
   * What happens when the pass that is to be published did not ask for a value whose placeholder an
   * earlier pass was given, so that the response may hold that placeholder: `error` answers with 500
   * (`FutureUnreadError`), `warn` logs it, `ignore` does nothing. Default: `error`.
   */
  readonly unread?: UnreadMode | undefined;
  /**
   * For development: replays each request that used futures once more, discards that pass, and logs
   * what differs: keys, tasks, arguments or result. Default: false.
   */
  readonly strict?: boolean | undefined;
  /**
   * Runs for each discarded pass of the app, after the hooks of the pass itself and before its tasks
   * start; it is awaited. For state of a pass that no transaction covers, such as the session of an
   * ORM. If it throws, no task starts, and the request fails with its error. Default: none.
   *
   * @example
   * ```ts
   * FuturesModule.forRoot({ onDiscard: () => orm.em.clear() });
   * ```
   */
  readonly onDiscard?: DiscardHook | undefined;
  /** Whether responses carry a `Server-Timing` header with passes and tasks. Default: false. */
  readonly serverTiming?: boolean | undefined;
  /** How long requests in flight may go on at shutdown, in ms. Default: 10 000. */
  readonly shutdownTimeout?: number | undefined;
}

/** Extras of `forRoot()` and `forRootAsync()`: what shapes the module itself. */
export interface FuturesModuleExtras {
  /** Whether the module's providers are there for every module. Default: true. */
  readonly isGlobal?: boolean;
  /**
   * `request`: `FuturesService` is request-scoped, and so is what injects it. `singleton`: one
   * instance, which finds its request by `AsyncLocalStorage`. Default: `request`.
   */
  readonly scope?: 'request' | 'singleton';
}

/** Options with nothing left out. @internal */
export interface ResolvedOptions {
  readonly executor: string;
  readonly threads: ThreadOptions;
  readonly processes: ProcessOptions;
  readonly executors: Readonly<Record<string, Executor>>;
  readonly timeout: number;
  readonly queueTimeout: number;
  readonly maxArgumentBytes: number;
  readonly maxResultBytes: number;
  readonly maxPasses: number;
  readonly maxFutures: number;
  readonly replay: ReplayMode;
  readonly unread: UnreadMode;
  readonly strict: boolean;
  readonly onDiscard: DiscardHook | undefined;
  readonly serverTiming: boolean;
  readonly shutdownTimeout: number;
}

/** 256 MiB. @internal */
export const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;

const DEFAULT_POOL: ProcessOptions = Object.freeze({
  min: 0,
  max: availableParallelism(),
  maxQueue: 1024,
  idleTimeout: 30_000,
  maxTasksPerWorker: undefined,
  maxHeapPerWorker: undefined,
});

/** @internal */
export const DEFAULT_OPTIONS: ResolvedOptions = Object.freeze({
  executor: 'thread',
  threads: Object.freeze({ ...DEFAULT_POOL, resourceLimits: undefined, pool: undefined }),
  processes: DEFAULT_POOL,
  executors: Object.freeze({}),
  timeout: 30_000,
  queueTimeout: 60_000,
  maxArgumentBytes: DEFAULT_MAX_BYTES,
  maxResultBytes: DEFAULT_MAX_BYTES,
  maxPasses: 5,
  maxFutures: 1000,
  replay: 'handler',
  unread: 'error',
  strict: false,
  onDiscard: undefined,
  serverTiming: false,
  shutdownTimeout: 10_000,
});

/** What a worker of that pool is told. @internal */
export function limitsOf({ maxTasksPerWorker, maxHeapPerWorker }: ProcessOptions): WorkerLimits {
  return { maxTasksPerWorker, maxHeapPerWorker };
}
