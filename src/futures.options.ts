import type { ExecutionContext } from '@nestjs/common';
import { availableParallelism } from 'node:os';
import type { ResourceLimits } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import { REPLAY_MODES, type ReplayMode } from './decorators/use-futures.decorator.js';
import { describe } from './worker/describe.js';
import { FuturesOptionsError } from './errors/index.js';
import { UNREAD_MODES, type UnreadMode } from './ledger/unread-mode.js';
import type { Executor } from './executors/executor.js';
import type { ByteLimits } from './executors/wire.js';
import type { WorkerLimits } from './worker/worker-lifetime.js';
import { check, checkKnown, given } from './options-check.js';

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

/** Names that `executors` cannot take. */
const BUILT_IN_EXECUTORS: ReadonlySet<string> = new Set(['thread', 'process', 'inline']);

/** What may be set on a call: by `using()`, `@Future()` and as module defaults. @internal */
export function checkCallOptions(
  where: string,
  options: {
    readonly timeout?: unknown;
    readonly queueTimeout?: unknown;
    readonly transferList?: unknown;
  },
): void {
  if (options.timeout !== undefined) check.duration(`${where}timeout`, options.timeout);
  if (options.queueTimeout !== undefined) {
    check.duration(`${where}queueTimeout`, options.queueTimeout);
  }
  if (options.transferList !== undefined) {
    check.array(`${where}transferList`, options.transferList);
  }
}

const RESOURCE_LIMITS = {
  maxOldGenerationSizeMb: 0,
  maxYoungGenerationSizeMb: 0,
  codeRangeSizeMb: 0,
  stackSizeMb: 0,
} satisfies ResourceLimits;

/** Node takes no notice of what it does not know: a memory limit would silently not be there. */
function checkResourceLimits(limits: ResourceLimits): void {
  check.object('threads.resourceLimits', limits);
  checkKnown('threads.resourceLimits.', limits, RESOURCE_LIMITS);
  for (const [name, value] of Object.entries(limits)) {
    if (value !== undefined) check.positive(`threads.resourceLimits.${name}`, value);
  }
}

function checkByteLimits(limits: ByteLimits): void {
  check.integer('maxArgumentBytes', limits.maxArgumentBytes, 1);
  check.integer('maxResultBytes', limits.maxResultBytes, 1);
}

/**
 * Options of an executor of its own: those of a pool, and how large values may be.
 *
 * @throws FuturesOptionsError naming the option, its value and what is allowed
 * @internal
 */
export function resolveExecutorOptions<Pool extends ProcessOptions>(
  kind: 'threads' | 'processes',
  input: Optional<Pool> & Optional<ByteLimits>,
): [pool: Pool, limits: Partial<ByteLimits>] {
  check.object('options', input);
  const { maxArgumentBytes, maxResultBytes, ...pool } = input;
  const limits = given({ maxArgumentBytes, maxResultBytes });
  const options = resolveOptions({ ...limits, [kind]: pool });
  return [options[kind] as Pool, limits];
}

/**
 * Fills in the defaults and checks every option.
 *
 * @throws FuturesOptionsError naming the option, its value and what is allowed
 * @internal
 */
export function resolveOptions(input: FuturesModuleOptions = {}): ResolvedOptions {
  check.object('options', input);
  checkKnown('', input, DEFAULT_OPTIONS);
  const threads = resolvePool('threads', DEFAULT_OPTIONS.threads, input.threads);
  const processes = resolvePool('processes', DEFAULT_OPTIONS.processes, input.processes);
  const options = withDefaults(DEFAULT_OPTIONS, { ...input, threads, processes }, 'options');

  if (threads.resourceLimits !== undefined) checkResourceLimits(threads.resourceLimits);
  if (threads.pool !== undefined && typeof (threads.pool as Partial<Piscina>).run !== 'function') {
    throw new FuturesOptionsError(
      `The option "threads.pool" must be a Piscina, but is ${describe(threads.pool)}.`,
    );
  }
  checkExecutors(options);
  checkCallOptions('', options);
  checkByteLimits(options);
  check.integer('maxPasses', options.maxPasses, 1);
  check.integer('maxFutures', options.maxFutures, 1);
  check.oneOf('replay', options.replay, REPLAY_MODES);
  check.oneOf('unread', options.unread, UNREAD_MODES);
  check.boolean('strict', options.strict);
  if (options.onDiscard !== undefined) check.function('onDiscard', options.onDiscard);
  check.boolean('serverTiming', options.serverTiming);
  check.duration('shutdownTimeout', options.shutdownTimeout, 0);
  return Object.freeze(options);
}

function resolvePool<Pool extends ProcessOptions>(
  name: string,
  defaults: Pool,
  input: object | undefined,
): Pool {
  const pool = withDefaults(defaults, input, name);
  checkKnown(`${name}.`, pool, defaults);
  check.integer(`${name}.min`, pool.min, 0);
  check.integer(`${name}.max`, pool.max, Math.max(1, pool.min));
  check.integer(`${name}.maxQueue`, pool.maxQueue, 0);
  check.duration(`${name}.idleTimeout`, pool.idleTimeout, 0);
  if (pool.maxTasksPerWorker !== undefined) {
    check.integer(`${name}.maxTasksPerWorker`, pool.maxTasksPerWorker, 1);
  }
  if (pool.maxHeapPerWorker !== undefined) {
    check.integer(`${name}.maxHeapPerWorker`, pool.maxHeapPerWorker, 1);
  }
  return pool;
}

function checkExecutors({ executors, executor }: ResolvedOptions): void {
  check.object('executors', executors);
  for (const [name, custom] of Object.entries(executors)) {
    if (BUILT_IN_EXECUTORS.has(name)) {
      throw new FuturesOptionsError(
        `The option "executors" cannot name one "${name}": that name is built in. Choose another.`,
      );
    }
    const members = ['run', 'stats', 'close'] as const;
    if (
      !members.every(
        (member) => typeof (custom as Partial<Executor> | null)?.[member] === 'function',
      )
    ) {
      throw new FuturesOptionsError(
        `The option "executors.${name}" must be an Executor (run, stats, close), but is ${describe(custom)}.`,
      );
    }
  }
  const names = [...BUILT_IN_EXECUTORS, ...Object.keys(executors)];
  check.oneOf('executor', executor, names);
}

function withDefaults<T extends object>(defaults: T, input: object | undefined, name: string): T {
  if (input === undefined) return defaults;
  check.object(name, input);
  return { ...defaults, ...given(input) };
}
