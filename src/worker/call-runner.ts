import { types } from 'node:util';
import { pack, TooLarge, unpack, type Packed } from '../wire/codec.js';
import { apply } from '../wire/primordials.js';
import { carriedValues } from './carried.js';
import { currentTask, type RunningCall } from './current-task.js';
import { Environment } from './fitness.js';
import { describeError, type ErrorRecord } from '../wire/error-record.js';
import { taskContexts, type Openable } from './task-contexts.js';
import { TaskLoader, UnknownTask, isUnknownTask } from './task-loader.js';
import { type AnyFunction, type WireCall, WireStatus, type WireTask } from '../wire/protocol.js';
import { transferListOf } from '../wire/result-slots.js';
import { describeUncloneableResult, messageOf } from '../wire/uncloneable.js';

/** The result of a call: its value if resolved, otherwise what its status says. */
export type WireResult = readonly [status: WireStatus, payload: unknown];

const { isPromise } = types;

/**
 * Runs calls, in a worker of any kind.
 *
 * @internal
 */
export class CallRunner {
  readonly #loader = new TaskLoader();
  readonly #environment = new Environment();
  #lastTask: WireTask | undefined;
  #lastFunction: AnyFunction | undefined;

  /** Never rejects: an error is a result. A task that is loaded and synchronous returns at once. */
  run(wire: WireCall, call: RunningCall): WireResult | Promise<WireResult> {
    currentTask.begin(call);
    const task = wire[0];
    let args: readonly unknown[];
    try {
      args = wire[1] ?? (unpack(wire[2] as Packed) as unknown[]);
    } catch (error) {
      return [WireStatus.UnreadableArguments, messageOf(error)];
    }
    // Calls of one task in one message share the object that names it.
    if (task !== this.#lastTask || this.#lastFunction === undefined) {
      this.#lastTask = task;
      this.#lastFunction = this.#loader.peek(task[0], task[1]);
    }
    const carried = wire[3];
    if (carried !== undefined) {
      const known = this.#lastFunction;
      return carriedValues.with(carried, () => this.#start(task, args, known));
    }
    return this.#start(task, args, this.#lastFunction);
  }

  #start(
    task: WireTask,
    args: readonly unknown[],
    known: AnyFunction | undefined,
  ): WireResult | Promise<WireResult> {
    if (known === undefined) return this.#loadAndRun(task, args);
    try {
      const result = apply(known, undefined, args);
      return isThenable(result) ? settle(result) : [WireStatus.Resolved, result];
    } catch (error) {
      return failure(error);
    }
  }

  /** Loads task files and opens their contexts; resolves to the reason, packed, if that fails. */
  async preload(urls: readonly string[]): Promise<Packed | undefined> {
    const contexts: Openable[] = [];
    try {
      taskContexts.declared = contexts;
      for (let i = 0; i < urls.length; i++) await this.#loader.preload(urls[i] as string);
      for (let i = 0; i < contexts.length; i++) await open(contexts[i] as Openable);
      return undefined;
    } catch (error) {
      return packResult(failure(error), ERROR_BYTES, false)[1];
    } finally {
      taskContexts.declared = undefined;
    }
  }

  /** Whether a task has replaced part of the language since the last time. */
  get isEnvironmentUnchanged(): boolean {
    return this.#environment.isUnchanged;
  }

  /** Whether the language still works, though part of it was replaced. */
  environmentWorks(): Promise<boolean> {
    return this.#environment.works();
  }

  async #loadAndRun(task: WireTask, args: readonly unknown[]): Promise<WireResult> {
    try {
      const run = await currentTask.load(this.#loader.load(task[0], task[1]));
      return [WireStatus.Resolved, await (apply(run, undefined, args) as unknown)];
    } catch (error) {
      return failure(error);
    }
  }
}

async function open(context: Openable): Promise<void> {
  try {
    await context.open();
  } catch (cause) {
    throw new UnknownTask(`A task context cannot be opened: ${messageOf(cause, 1_000)}.`, {
      cause,
    });
  }
}

/** Packs a result where its value is known, so that what cannot be sent can be described. */
export function packResult(
  result: WireResult,
  maxBytes: number,
  canShare: boolean,
): [status: WireStatus, payload: Packed] {
  const status = result[0];
  const value = result[1];
  const transferList = canShare ? transferListOf(value) : [];
  // An error always has some room: the limit of results must not change its class and status.
  const limit = status === WireStatus.Resolved ? maxBytes : Math.max(maxBytes, ERROR_BYTES);
  try {
    return [status, pack(value, { maxBytes: limit, maxJson: limit, canShare, transferList })];
  } catch (error) {
    if (status === WireStatus.Resolved) return packRefusal(value, error, transferList);
    if (status === WireStatus.Failed)
      return [status, pack(withoutParts(value as ErrorRecord), SMALL)];
    const { message } = value as { readonly message: string };
    return [status, pack({ message: message.slice(0, MAX_MESSAGE), cause: undefined }, SMALL)];
  }
}

/** Bytes that any error may have, and characters that are kept of a larger one's message. */
const ERROR_BYTES = 64 * 1024;
const MAX_MESSAGE = 10_000;

/** What is kept of a too large error: class, name, code, status, shortened message and stack. */
function withoutParts(record: ErrorRecord): ErrorRecord {
  if (record.kind === 'value') return describeError('an error that is too large to be sent');
  const message = record.message.slice(0, MAX_MESSAGE);
  const properties = record.properties.filter(([name]) => name === 'status' || name === 'code');
  if (record.isHttpException) properties.push(['response', describeError(message)]);
  return {
    ...record,
    message,
    properties,
    stack: record.stack?.slice(0, MAX_MESSAGE),
    cause: undefined,
    errors: undefined,
  };
}

const SMALL = { maxBytes: Infinity, maxJson: 100_000, canShare: false };

/** Packs the report of a result that was refused. */
export function packRefusal(
  value: unknown,
  refusal: unknown,
  transferList: readonly unknown[],
): [status: WireStatus, payload: Packed] {
  const isTooLarge = TooLarge.is(refusal);
  const status = isTooLarge ? WireStatus.TooLargeResult : WireStatus.UncloneableResult;
  const payload = isTooLarge
    ? refusal.size
    : describeUncloneableResult(value, transferList, refusal);
  return [status, pack(payload, SMALL)];
}

async function settle(result: PromiseLike<unknown>): Promise<WireResult> {
  try {
    return [WireStatus.Resolved, await result];
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): WireResult {
  if (!isUnknownTask(error)) return [WireStatus.Failed, describeError(error)];
  const cause = error.cause === undefined ? undefined : describeError(error.cause);
  return [WireStatus.UnknownTask, { message: error.message, cause }];
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (isPromise(value)) return true;
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}
