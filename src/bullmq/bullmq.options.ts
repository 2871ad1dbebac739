import type { ConnectionOptions } from 'bullmq';
import {
  type Given,
  type Option,
  type Resolved,
  duration,
  integer,
  is,
  option,
  required,
  resolve,
  rule,
} from '../executors/kit.js';
import { FuturesOptionsError } from '../index.js';
import { Seal } from './seal.js';

/** Where a queue is. */
export interface QueueAddress {
  /** Redis 6.2 or later, as BullMQ takes it: options, or a client of yours, which is never closed. */
  readonly connection: ConnectionOptions;
  /** Name of the queue; it must be used for nothing else. */
  readonly queue: string;
}

/** @internal */
export const LOCATION = {
  connection: required<ConnectionOptions>(is.object),
  queue: required<string>(
    rule('a non-empty string without ":"', (value) => isText(value) && !value.includes(':')),
  ),
  /** What the queue's keys begin with. In a Redis Cluster: with a hash tag, `{futures}`. Default: `bull`. */
  prefix: option(rule('a non-empty string', isText), 'bull'),
  /** How large the arguments of a call, and its result, may be, in bytes as they are serialized. Default: 1 048 576. */
  maxSize: option(integer(1), 1_048_576),
  /**
   * Known to the apps and the workers of a queue, and to nobody else: a text of 32 characters or more,
   * or as many bytes. With it, jobs and outcomes are signed (HMAC-SHA256), so that others who can write
   * to Redis can neither have a worker run tasks nor answer for one. Default: none, nothing is signed.
   */
  secret: secret(),
};

/** What an executor and its workers must agree on. */
export type QueueLocation = QueueAddress & Omit<Given<typeof LOCATION>, keyof QueueAddress>;

const OPTIONS = {
  ...LOCATION,
  /**
   * Jobs that may wait, of all who use the queue; a batch that does not fit is refused whole. A job
   * carries one long call or several short ones. Default: 10 000.
   */
  maxQueue: option(integer(0), 10_000),
  /**
   * How long, in ms, a batch waits for Redis to take it, before it fails with
   * `BrokenExecutorError`. Default: 2 000.
   */
  redisTimeout: option(duration(), 2_000),
  /**
   * Whether calls fail at once with `ExecutorSaturatedError` (503 and `Retry-After`) while no worker is
   * alive, instead of waiting for one until their `queueTimeout`. Workers that were killed count as
   * alive for up to 10 s. Default: false.
   */
  failWithoutWorkers: option<boolean>(is.boolean, false),
};

/**
 * Options of {@link bullmqExecutor}.
 *
 * @publicApi
 */
export type BullmqExecutorOptions = QueueAddress & Omit<Given<typeof OPTIONS>, keyof QueueAddress>;

/** The seal stands for the secret. */
export type Sealed<Options> = Omit<Options, 'secret'> & { readonly seal: Seal };

/** @internal */
export type ResolvedLocation = Sealed<Resolved<typeof LOCATION>>;

/** @internal */
export type ResolvedBullmqOptions = Sealed<Resolved<typeof OPTIONS>>;

/**
 * @throws FuturesOptionsError that names the option, its value and what is allowed
 * @internal
 */
export function resolveBullmqOptions(input: BullmqExecutorOptions): ResolvedBullmqOptions {
  return sealed(resolve(OPTIONS, input));
}

/** Makes what signs and checks what goes through the queue. @internal */
export function sealed<Options extends Resolved<typeof LOCATION>>(
  options: Options,
): Sealed<Options> {
  const { secret: known, ...rest } = options;
  return { ...rest, seal: new Seal(known, `${options.prefix}:${options.queue}`) };
}

/** The shortest secret: as long as what HMAC-SHA256 makes of it. */
const MIN_SECRET = 32;

/** The message does not show it. */
function secret(): Option<string | Uint8Array | undefined, string | Uint8Array> {
  return {
    resolve(_name, value) {
      if (value === undefined) return undefined;
      const isKey = typeof value === 'string' || value instanceof Uint8Array;
      if (isKey && value.length >= MIN_SECRET) return value;
      const kind =
        typeof value === 'string'
          ? `a text of ${value.length} characters`
          : `of another kind or shorter`;
      throw new FuturesOptionsError(
        `The option "secret" must be a text of ${MIN_SECRET} characters or more, or a Buffer of ${MIN_SECRET} bytes or more, but is ${kind}. ` +
          `Make one with: openssl rand -base64 32`,
      );
    },
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
