import { type ExecutionContext, Logger, StreamableFile } from '@nestjs/common';
import { ReplayUnsafeError } from '../errors/index.js';
import { isA, textOf, told } from '../errors/text.js';
import { firstDifference } from '../request/drift.js';
import type { Ledger } from '../request/ledger.js';
import type { Ask, PassOutcome } from '../request/pass.js';
import { httpRequestOf } from '../request/request-ledger.js';
import { differenceInUnread, findUnread } from '../request/unread.js';
import { isTaskHandle, taskReference } from '../tasks/task.js';
import { isSse } from './route-traits.js';

const logger = new Logger('Futures');

/**
 * Repeats the last pass and discards the repetition. It must ask for the same values and have the
 * same result. A difference is logged; the client gets the response of the last pass.
 *
 * @internal
 */
export class Rehearsal {
  readonly #asks: ReadonlyMap<string, Ask>;
  readonly #outcome: PassOutcome | undefined;
  readonly #restoreHead: () => void;
  readonly #unread: string | undefined;

  constructor(
    private readonly ledger: Ledger,
    private readonly context: ExecutionContext,
    /** The value to publish. */
    readonly value: unknown,
    /** Whether each pass runs with a clone of the request. */
    private readonly isCloned: boolean,
  ) {
    this.#unread = differenceInUnread(findUnread(ledger, value));
    this.#asks = ledger.pass.asks;
    this.#outcome = ledger.pass.outcome;
    this.#restoreHead = ledger.head.remember();
  }

  /** Whether there is something to compare, and a response that can wait. */
  static isPossible(ledger: Ledger, context: ExecutionContext): boolean {
    if (isSse(context.getHandler())) return false;
    const isComparable = ledger.pass.asks.size > 0 || ledger.pass.number > 1;
    return isComparable && !ledger.pass.isPublishedAsIs && !ledger.head.isSent;
  }

  begin(): void {
    this.ledger.pass.rehearse();
  }

  end(): void {
    this.#restoreHead();
    const difference =
      this.#unread ??
      differenceInArguments(this.#asks, this.ledger) ??
      // Cloned passes have new request-scoped providers, but this one reuses those of the last.
      (this.isCloned ? undefined : differenceInAsks(this.#asks, this.ledger.pass.asks)) ??
      differenceInOutcome(this.#outcome, this.ledger.pass.outcome);
    if (difference !== undefined) {
      logger.error(new ReplayUnsafeError(routeOf(this.context), difference));
    }
  }
}

/**
 * Finds a value computed with other arguments than it is asked for with, often a placeholder.
 *
 * @internal
 */
export function differenceInArguments(
  asks: ReadonlyMap<string, Ask>,
  ledger: Ledger,
): string | undefined {
  for (const [key, { args }] of asks) {
    const computed = ledger.future(key)?.call.args;
    if (args === undefined || computed === undefined) continue;
    const difference = firstDifference(computed, args, 'args');
    if (difference === undefined) continue;
    return (
      told`the key "${key}" was computed with other arguments than it is asked for with in the end: ` +
      `${difference} (what depends on the value of another future comes after barrier())`
    );
  }
  return undefined;
}

/** @internal */
export function differenceInAsks(
  before: ReadonlyMap<string, Ask>,
  after: ReadonlyMap<string, Ask>,
): string | undefined {
  for (const key of before.keys()) {
    if (after.has(key)) continue;
    const instead = [...after.keys()].find((each) => !before.has(each));
    return instead === undefined
      ? told`the key "${key}" was asked for once, but not again`
      : told`the key "${key}" was asked for once, and "${instead}" instead of it when repeated`;
  }
  for (const [key, { task, args }] of after) {
    const first = before.get(key);
    if (first === undefined) return told`the key "${key}" was asked for only when repeated`;
    if (task === undefined || first.task === undefined) continue;
    if (task !== first.task && (isTaskHandle(task) || isTaskHandle(first.task))) {
      return told`the key "${key}" was asked for with the task ${taskReference(first.task).id}, then with ${taskReference(task).id}`;
    }
    const difference = firstDifference(first.args, args, 'args');
    if (difference !== undefined)
      return told`the arguments of the key "${key}" differ at ` + difference;
  }
  return undefined;
}

/** @internal */
export function differenceInOutcome(
  before: PassOutcome | undefined,
  after: PassOutcome | undefined,
): string | undefined {
  if (before === undefined || after === undefined) return undefined;
  if ('error' in after) return told`the handler threw when repeated: ${textOf(after.error)}`;
  if ('error' in before) return undefined;
  const difference = differenceInResults(before.value, after.value);
  return difference === undefined ? undefined : `the result differs at ${difference}`;
}

function differenceInResults(before: unknown, after: unknown): string | undefined {
  try {
    return firstDifference(comparableBody(before), comparableBody(after), 'result');
  } catch {
    // The result cannot be inspected: firstDifference() says why.
    return firstDifference(before, after, 'result');
  }
}

function routeOf(context: ExecutionContext): string {
  const name = `${context.getClass().name}.${context.getHandler().name}`;
  const request: { method?: string; url?: string } | undefined = httpRequestOf(context);
  return request === undefined
    ? name
    : `${request.method} ${request.url?.replace(/\?.*$/, '')} (${name})`;
}

interface Streamed {
  readonly constructor?: { readonly name?: string };
  /** Path of a file stream. */
  readonly path?: unknown;
  readonly then?: unknown;
  [Symbol.asyncIterator]?: unknown;
}

/**
 * The part of a result that can be compared. A stream's content can be read only once, by the
 * client. So a stream is compared by its kind, the path of its file, and the headers that it brings
 * along.
 *
 * @internal
 */
function comparableBody(result: unknown): unknown {
  if (typeof result !== 'object' || result === null) return result;
  if (isA(result, StreamableFile)) {
    return { headers: result.getHeaders(), stream: describe(result.getStream()) };
  }
  if (Object.prototype.toString.call(result) === '[object Response]') {
    const { status, headers, body } = result as Response;
    return { status, headers: Object.fromEntries(headers), stream: body && describe(body) };
  }
  return isStreamed(result) ? describe(result) : result;
}

function isStreamed(result: Streamed): boolean {
  return result[Symbol.asyncIterator] !== undefined && result.then === undefined;
}

function describe({ constructor, path }: Streamed): object {
  return { kind: constructor?.name, path };
}
