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

/** The queue, and how to reach it. */
export interface QueueAddress {
  /** Redis 6.2 or later, in BullMQ's form: options, or a client of yours, which is never closed. */
  readonly connection: ConnectionOptions;
  /** Name of the queue, which must not be used for anything else. */
  readonly queue: string;
}

/** @internal */
export const LOCATION = {
  connection: required<ConnectionOptions>(is.object),
  queue: required<string>(
    rule('a non-empty string without ":"', (value) => isText(value) && !value.includes(':')),
  ),
  /** Prefix of the queue's keys; in a Redis Cluster, a hash tag: `{futures}`. Default: `bull`. */
  prefix: option(rule('a non-empty string', isText), 'bull'),
  /** Size limit of a call's serialized arguments and its result, in bytes. Default: 1 048 576. */
  maxSize: option(integer(1), 1_048_576),
  /**
   * Secret that the apps and workers of a queue share: a text of at least 32 characters, or at
   * least 32 bytes. It signs jobs and outcomes (HMAC-SHA256), so that nobody else who can write to
   * Redis can make a worker run a task, or answer for one. Default: none, nothing is signed.
   */
  secret: secret(),
};

/** The options that an executor and its workers must share. */
export type QueueLocation = QueueAddress & Omit<Given<typeof LOCATION>, keyof QueueAddress>;

const OPTIONS = {
  ...LOCATION,
  /**
   * Maximum number of waiting jobs in the queue, from all processes. A batch that doesn't
   * fit is refused as a whole. A job carries one long call or several short ones. Default: 10 000.
   */
  maxQueue: option(integer(0), 10_000),
  /**
   * How long, in ms, a batch waits for Redis to accept it before it fails with
   * `BrokenExecutorError`. Default: 2 000.
   */
  redisTimeout: option(duration(), 2_000),
  /**
   * Whether calls fail immediately with `ExecutorSaturatedError` (503 and `Retry-After`) while no
   * worker is alive, instead of waiting for one until their `queueTimeout`. A killed worker counts
   * as alive for up to 10 s. Default: false.
   */
  failWithoutWorkers: option<boolean>(is.boolean, false),
};

/**
 * Options of {@link bullmqExecutor}.
 *
 * @publicApi
 */
export type BullmqExecutorOptions = QueueAddress & Omit<Given<typeof OPTIONS>, keyof QueueAddress>;

/** Resolved options contain a seal instead of the secret. */
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

/** Replaces the secret with a seal that signs and checks what the queue carries. @internal */
export function sealed<Options extends Resolved<typeof LOCATION>>(
  options: Options,
): Sealed<Options> {
  const { secret: known, ...rest } = options;
  return { ...rest, seal: new Seal(known, `${options.prefix}:${options.queue}`) };
}

/** Minimum length of a secret: as long as an HMAC-SHA256 signature. */
const MIN_SECRET = 32;

/** The error message doesn't show the secret. */
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
