import type { ConnectionOptions } from 'bullmq';
import { FuturesOptionsError } from '../errors/index.js';
import { describe } from '../worker/describe.js';
import { check, checkKnown, given } from '../options-check.js';

/** What an executor and its workers must agree on. */
export interface QueueLocation {
  /** Redis 6.2 or later, as BullMQ takes it: options, or a client of yours, which is never closed. */
  readonly connection: ConnectionOptions;
  /** Name of the queue; it must be used for nothing else. */
  readonly queue: string;
  /** What the queue's keys begin with. In a Redis Cluster: with a hash tag, `{futures}`. Default: `bull`. */
  readonly prefix?: string | undefined;
  /** How large the arguments of a call, and its result, may be, in bytes as they are serialized. Default: 1 048 576. */
  readonly maxSize?: number | undefined;
}

/**
 * Options of {@link bullmqExecutor}.
 *
 * @publicApi
 */
export interface BullmqExecutorOptions extends QueueLocation {
  /**
   * Jobs that may wait, of all who use the queue; a batch that does not fit is refused whole. A job
   * carries one long call or several short ones. Default: 10 000.
   */
  readonly maxQueue?: number | undefined;
  /**
   * How long, in ms, a batch waits for Redis to take it, before it fails with
   * `BrokenExecutorError`. Default: 2 000.
   */
  readonly redisTimeout?: number | undefined;
}

type Resolved<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> };

/** @internal */
export type ResolvedLocation = Resolved<QueueLocation>;

/** @internal */
export type ResolvedBullmqOptions = Resolved<BullmqExecutorOptions>;

/** @internal */
export const DEFAULT_LOCATION = Object.freeze({ prefix: 'bull', maxSize: 1_048_576 });

const DEFAULTS = Object.freeze({ ...DEFAULT_LOCATION, maxQueue: 10_000, redisTimeout: 2_000 });

/**
 * @throws FuturesOptionsError naming the option, its value and what is allowed
 * @internal
 */
export function resolveBullmqOptions(input: BullmqExecutorOptions): ResolvedBullmqOptions {
  check.object('options', input);
  checkKnown('', input, { ...DEFAULTS, connection: undefined, queue: undefined });
  const options = withDefaults<ResolvedBullmqOptions>(DEFAULTS, input);
  checkLocation(options);
  check.integer('maxQueue', options.maxQueue, 0);
  check.duration('redisTimeout', options.redisTimeout);
  return Object.freeze(options);
}

/**
 * @throws FuturesOptionsError
 * @internal
 */
export function checkLocation({ connection, queue, prefix, maxSize }: ResolvedLocation): void {
  check.object('connection', connection);
  checkName('queue', queue, ':');
  checkName('prefix', prefix);
  check.integer('maxSize', maxSize, 1);
}

/** @internal */
export function withDefaults<Options>(defaults: object, input: object): Options {
  return { ...defaults, ...given(input) } as Options;
}

/** @param forbidden what BullMQ does not take in it */
function checkName(option: string, value: unknown, forbidden?: string): void {
  const isName = typeof value === 'string' && value !== '';
  if (isName && (forbidden === undefined || !value.includes(forbidden))) return;
  throw new FuturesOptionsError(
    `The option "${option}" must be a non-empty string${forbidden === undefined ? '' : ` without "${forbidden}"`}, but is ${describe(value)}.`,
  );
}
