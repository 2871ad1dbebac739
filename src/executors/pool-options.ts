import { availableParallelism } from 'node:os';
import type { ResourceLimits } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import {
  check,
  checkKnown,
  duration,
  given,
  integer,
  is,
  option,
  optional,
  resolve,
  rule,
  type Given,
  type Option,
  type OptionTable,
  type Resolved,
} from '../errors/options.js';
import type { WorkerSettings } from '../wire/protocol.js';
import { PROCESS_START, THREAD_START, checkOwnPool } from './worker-options.js';

/** How large one call may be, wherever it is sent. */
export const BYTE_LIMITS = {
  /**
   * The most bytes that one task's arguments may have when they are sent to a thread or a process.
   * Memory that is moved or shared does not count. Default: 268 435 456 (256 MiB).
   */
  maxArgumentBytes: option(integer(1), 256 * 1024 * 1024),
  /** The most bytes that one task's result may have, as sent. Default: 268 435 456 (256 MiB). */
  maxResultBytes: option(integer(1), 256 * 1024 * 1024),
};

export type ByteLimits = Resolved<typeof BYTE_LIMITS>;

/** The process pool. It is created on first use, or at startup if `min` is not 0. */
export const PROCESS_OPTIONS = {
  /** Workers that stay alive when idle. Default: 0. */
  min: option(integer(0), 0),
  /** The most workers. Default: `os.availableParallelism()`. */
  max: option(integer(1), availableParallelism()),
  /** Calls that may wait; a batch that does not fit is refused as a whole. Default: 1024. */
  maxQueue: option(integer(0), 1024),
  /** How long a worker above `min` may be idle before it exits, in ms. Default: 30 000. */
  idleTimeout: option(duration(0), 30_000),
  /** After how many tasks a worker is replaced. Default: never. */
  maxTasksPerWorker: optional<number>(integer(1)),
  /** A worker is replaced if it uses more MB (heap and buffers) after a task. Default: never. */
  maxHeapPerWorker: optional<number>(integer(1)),
  ...PROCESS_START,
};

/** The thread pool. It is created on first use, or at startup if `min` is not 0. */
export const THREAD_OPTIONS = {
  ...PROCESS_OPTIONS,
  ...THREAD_START,
  /** Memory limits of each thread, as in `worker_threads`. Default: none. */
  resourceLimits: resourceLimits(),
  /** A piscina that you own: it is used as it is and never closed. Default: none. */
  pool: optional<Piscina>(rule('a Piscina', isPiscina)),
};

/** @internal */
export type ProcessOptions = Resolved<typeof PROCESS_OPTIONS>;

/** @internal */
export type ThreadOptions = Resolved<typeof THREAD_OPTIONS>;

/** An option whose value is the options of a pool. */
export function pool<Table extends PoolTable>(table: Table): Option<Resolved<Table>, Given<Table>> {
  return {
    resolve(name, value) {
      const options = resolve(table, value === undefined ? {} : value, name);
      const { min, max, preload, pool: own } = options as unknown as ThreadOptions;
      check(`${name}.max`, max, integer(Math.max(1, min)));
      if (own !== undefined) checkOwnPool(name, options);
      // At startup, one worker at least shows whether the files can be loaded.
      const needsOne = min === 0 && preload.length > 0;
      return needsOne ? (Object.freeze({ ...options, min: 1 }) as typeof options) : options;
    },
  };
}

/** The options of processes, or of threads, which have more. */
type PoolTable = Omit<typeof PROCESS_OPTIONS, keyof typeof PROCESS_START> & OptionTable;

/**
 * Splits the options of a separate pool into pool options and byte limits, and checks both.
 *
 * @param name the name of the pool's options in error messages
 * @throws FuturesOptionsError that names the option, its value and what is allowed
 * @internal
 */
export function resolvePoolOptions<Table extends PoolTable>(
  name: string,
  table: Table,
  input: Given<Table> & Given<typeof BYTE_LIMITS>,
): [options: Resolved<Table>, limits: Partial<ByteLimits>] {
  check('options', input, is.object);
  const { maxArgumentBytes, maxResultBytes, ...options } = input;
  const limits = given({ maxArgumentBytes, maxResultBytes });
  resolve(BYTE_LIMITS, limits);
  return [pool(table).resolve(name, options), limits as Partial<ByteLimits>];
}

/** What a pool sends to its workers when they start. @internal */
export function settingsOf(
  options: Pick<ProcessOptions, 'maxTasksPerWorker' | 'maxHeapPerWorker' | 'preload'>,
): WorkerSettings {
  const { maxTasksPerWorker, maxHeapPerWorker, preload } = options;
  return { limits: { maxTasksPerWorker, maxHeapPerWorker }, preload };
}

const RESOURCE_LIMITS = {
  maxOldGenerationSizeMb: 0,
  maxYoungGenerationSizeMb: 0,
  codeRangeSizeMb: 0,
  stackSizeMb: 0,
} satisfies ResourceLimits;

/** Node ignores unknown names, so a misspelt memory limit would silently have no effect. */
function resourceLimits(): Option<ResourceLimits | undefined, ResourceLimits> {
  return {
    resolve(name, value) {
      if (value === undefined) return undefined;
      check(name, value, is.object);
      checkKnown(RESOURCE_LIMITS, value as object, `${name}.`);
      for (const [key, limit] of Object.entries(value as object)) {
        if (limit !== undefined) check(`${name}.${key}`, limit, is.positive);
      }
      return value as ResourceLimits;
    },
  };
}

function isPiscina(value: unknown): boolean {
  return typeof (value as Partial<Piscina> | null)?.run === 'function';
}
