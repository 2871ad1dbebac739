import type { ConnectionOptions } from 'bullmq';
import { FuturesOptionsError } from '../errors/index.js';
import { describe } from '../worker/describe.js';
import { check, checkKnown, given } from '../options-check.js';
import { Seal } from './seal.js';

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
  /**
   * Known to the apps and the workers of a queue, and to nobody else: a text of 32 characters or more,
   * or as many bytes. With it, jobs and outcomes are signed (HMAC-SHA256), so that others who can write
   * to Redis can neither have a worker run tasks nor answer for one. Default: none, nothing is signed.
   */
  readonly secret?: string | Uint8Array | undefined;
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
  /**
   * Whether calls fail at once with `ExecutorSaturatedError` (503 and `Retry-After`) while no worker is
   * alive, instead of waiting for one until their `queueTimeout`. Workers that were killed count as
   * alive for up to 10 s. Default: false.
   */
  readonly failWithoutWorkers?: boolean | undefined;
}

type Resolved<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> };

/** @internal */
export type ResolvedLocation = Omit<Resolved<QueueLocation>, 'secret'> & { readonly seal: Seal };

/** @internal */
export type ResolvedBullmqOptions = ResolvedLocation &
  Omit<Resolved<BullmqExecutorOptions>, keyof QueueLocation>;

/** @internal */
export const DEFAULT_LOCATION = Object.freeze({ prefix: 'bull', maxSize: 1_048_576 });

/** The shortest secret: as long as what HMAC-SHA256 makes of it. */
const MIN_SECRET = 32;

const DEFAULTS = Object.freeze({
  ...DEFAULT_LOCATION,
  maxQueue: 10_000,
  redisTimeout: 2_000,
  failWithoutWorkers: false,
});

/**
 * @throws FuturesOptionsError naming the option, its value and what is allowed
 * @internal
 */
export function resolveBullmqOptions(input: BullmqExecutorOptions): ResolvedBullmqOptions {
  check.object('options', input);
  checkKnown('', input, { ...DEFAULTS, connection: 0, queue: 0, secret: 0 });
  const { secret, ...options } = withDefaults<Resolved<BullmqExecutorOptions>>(DEFAULTS, input);
  const seal = checkLocation({ ...options, secret });
  check.integer('maxQueue', options.maxQueue, 0);
  check.duration('redisTimeout', options.redisTimeout);
  check.boolean('failWithoutWorkers', options.failWithoutWorkers);
  return Object.freeze({ ...options, seal });
}

/**
 * Returns what signs and checks what goes through the queue.
 *
 * @throws FuturesOptionsError
 * @internal
 */
export function checkLocation(location: QueueLocation & Pick<ResolvedLocation, 'prefix'>): Seal {
  const { connection, queue, prefix, maxSize, secret } = location;
  check.object('connection', connection);
  checkName('queue', queue, ':');
  checkName('prefix', prefix);
  check.integer('maxSize', maxSize, 1);
  if (secret !== undefined) checkSecret(secret);
  return new Seal(secret, `${prefix}:${queue}`);
}

/** The message does not show it. */
function checkSecret(secret: unknown): void {
  const isLong = (value: string | Uint8Array) => value.length >= MIN_SECRET;
  if ((typeof secret === 'string' || secret instanceof Uint8Array) && isLong(secret)) return;
  const given =
    typeof secret === 'string'
      ? `a text of ${secret.length} characters`
      : `of another kind or shorter`;
  throw new FuturesOptionsError(
    `The option "secret" must be a text of ${MIN_SECRET} characters or more, or a Buffer of ${MIN_SECRET} bytes or more, but is ${given}. ` +
      `Make one with: openssl rand -base64 32`,
  );
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
