import type { ResourceLimits } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import { REPLAY_MODES } from './decorators/use-futures.decorator.js';
import { FuturesOptionsError } from './errors/index.js';
import type { Executor } from './executors/executor.js';
import type { ByteLimits } from './executors/wire.js';
import {
  DEFAULT_OPTIONS,
  type FuturesModuleOptions,
  type Optional,
  type ProcessOptions,
  type ResolvedOptions,
} from './futures.options.js';
import { UNREAD_MODES } from './ledger/unread-mode.js';
import { check, checkKnown, given } from './options-check.js';
import { describe } from './worker/describe.js';

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
