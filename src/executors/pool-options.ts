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
  type Resolved,
} from '../errors/options.js';
import type { WorkerLimits } from '../worker/fitness.js';

/** How large one call may be, wherever it is sent to. */
export const BYTE_LIMITS = {
  /**
   * The most bytes that the arguments of one task may have, as they are sent to a thread or a process.
   * Memory that is moved or shared does not count. Default: 268 435 456 (256 MiB).
   */
  maxArgumentBytes: option(integer(1), 256 * 1024 * 1024),
  /** The most bytes that the result of one task may have, as it is sent back. Default: 268 435 456 (256 MiB). */
  maxResultBytes: option(integer(1), 256 * 1024 * 1024),
};

export type ByteLimits = Resolved<typeof BYTE_LIMITS>;

/** The process pool. It is made when it is first used, or at startup if `min` is not 0. */
export const PROCESS_OPTIONS = {
  /** Workers that stay alive when idle. Default: 0. */
  min: option(integer(0), 0),
  /** The most workers. Default: `os.availableParallelism()`. */
  max: option(integer(1), availableParallelism()),
  /** Calls that may wait for a worker; a batch that does not fit is refused as a whole. Default: 1024. */
  maxQueue: option(integer(0), 1024),
  /** How long a worker above `min` may be idle before it exits, in ms. Default: 30 000. */
  idleTimeout: option(duration(0), 30_000),
  /** After how many tasks a worker is replaced by a new one. Default: never. */
  maxTasksPerWorker: optional<number>(integer(1)),
  /** From how much memory in use after a task, heap and buffers, in MB, a worker is replaced. Default: never. */
  maxHeapPerWorker: optional<number>(integer(1)),
};

/** The thread pool. It is made when it is first used, or at startup if `min` is not 0. */
export const THREAD_OPTIONS = {
  ...PROCESS_OPTIONS,
  /** Memory limits of each thread, as `worker_threads` takes them. Default: none. */
  resourceLimits: resourceLimits(),
  /** A piscina that you own: it is used as it is, and never closed. Default: none. */
  pool: optional<Piscina>(rule('a Piscina', isPiscina)),
};

/** @internal */
export type ProcessOptions = Resolved<typeof PROCESS_OPTIONS>;

/** @internal */
export type ThreadOptions = Resolved<typeof THREAD_OPTIONS>;

/** An option that is the options of a pool. */
export function pool<Table extends typeof PROCESS_OPTIONS>(
  table: Table,
): Option<Resolved<Table>, Given<Table>> {
  return {
    resolve(name, value) {
      const options = resolve(table, value === undefined ? {} : value, name);
      const { min, max } = options as unknown as ProcessOptions;
      check(`${name}.max`, max, integer(Math.max(1, min)));
      return options;
    },
  };
}

/**
 * Splits the options of an executor that has a pool of its own.
 *
 * @param name what the pool's options are called in errors
 * @throws FuturesOptionsError that names the option, its value and what is allowed
 * @internal
 */
export function resolvePoolOptions<Table extends typeof PROCESS_OPTIONS>(
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

/** What a worker of a pool is told. @internal */
export function limitsOf({ maxTasksPerWorker, maxHeapPerWorker }: ProcessOptions): WorkerLimits {
  return { maxTasksPerWorker, maxHeapPerWorker };
}

const RESOURCE_LIMITS = {
  maxOldGenerationSizeMb: 0,
  maxYoungGenerationSizeMb: 0,
  codeRangeSizeMb: 0,
  stackSizeMb: 0,
} satisfies ResourceLimits;

/** Node ignores names that it does not know: a memory limit would silently not be there. */
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
