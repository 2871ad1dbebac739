import { Logger } from '@nestjs/common';
import { FutureUnreadError } from '../errors/index.js';
import { told } from '../errors/text.js';
import type { Mark } from './future.js';
import type { Ledger } from './ledger.js';
import type { UnreadMode } from './futures.options.js';

const logger = new Logger('Futures');

/** Shortest text to look for, in characters, as a value and in one: shorter text is too common. */
const MIN_TEXT = 2;
const MIN_PART = 3;
/** Maximum number of values in an outcome that are searched. */
const MAX_VALUES = 10_000;

/** A key whose placeholder was handed out, and that was not asked for again. */
export interface UnreadPlaceholder {
  readonly key: string;
  /** The pass that got the placeholder. */
  readonly pass: number;
  /** Whether the outcome is certain to hold the placeholder, as far as that can be known. */
  readonly isCertain: boolean;
}

/**
 * The keys whose placeholder may be in the outcome of this pass, which is about to be published.
 *
 * A handler may ask for one value only while another is pending, and that is fine. If a key may be
 * such a case, it is certain only if its placeholder is found in the outcome.
 *
 * @internal
 */
export function findUnread(ledger: Ledger, outcome: unknown): UnreadPlaceholder[] {
  const { number } = ledger.pass;
  const unread: UnreadPlaceholder[] = [];
  if (number === 1) return unread;
  for (const future of ledger.futures) {
    const mark = ledger.marks.find(future);
    if (mark === undefined || mark.askedIn >= number || !future.isSettled) continue;
    const { handedOutIn } = mark;
    if (handedOutIn === 0 || handedOutIn >= number) continue;
    unread.push({ key: future.key, pass: handedOutIn, isCertain: isCertain(mark, outcome) });
  }
  return unread;
}

/**
 * Judges the outcome of a pass that is about to be published.
 *
 * @returns the error if it must not be published
 * @internal
 */
export function judgeUnread(
  ledger: Ledger,
  mode: UnreadMode,
  outcome: unknown,
): FutureUnreadError | undefined {
  if (mode === 'ignore') return undefined;
  const unread = findUnread(ledger, outcome);
  if (unread.length === 0) return undefined;
  const certain = unread.filter((each) => each.isCertain);
  if (mode === 'error' && certain.length > 0) return unreadError(certain, ledger);
  const [first] = unread;
  if (first !== undefined && ledger.runtime.mayWarn(`unread ${first.key}`)) {
    logger.warn(unreadError(unread, ledger).message);
  }
  return undefined;
}

/** @internal */
function unreadError(unread: readonly UnreadPlaceholder[], ledger: Ledger): FutureUnreadError {
  const keys = unread.map(({ key }) => key);
  const passes = [...new Set(unread.map(({ pass }) => pass))];
  return new FutureUnreadError(keys, passes, ledger.pass.number);
}

/** What `strict` and `assertReplaySafe()` report about unread keys. @internal */
export function differenceInUnread(unread: readonly UnreadPlaceholder[]): string | undefined {
  const [first] = unread;
  return (
    first &&
    told`the key "${first.key}" was given its placeholder in pass ${first.pass}, and was not asked for in the pass that is published`
  );
}

function isCertain(
  { isAfterOthers, readIn, handedOutIn, placeholder }: Mark,
  outcome: unknown,
): boolean {
  if (!isAfterOthers && readIn <= handedOutIn) return true;
  try {
    return holds(outcome, placeholder);
  } catch {
    // A getter or a proxy in the outcome threw.
    return false;
  }
}

/** Whether a value is in an outcome: the same object, or the same text. */
function holds(outcome: unknown, sought: unknown): boolean {
  const isText = typeof sought === 'string' && sought.length >= MIN_TEXT;
  const isObject = typeof sought === 'object' && sought !== null;
  if (!isText && !isObject) return false;
  const seen = new Set<unknown>([outcome]);
  const isPart = isText && sought.length >= MIN_PART;
  for (const each of seen) {
    if (each === sought || (isPart && typeof each === 'string' && each.includes(sought)))
      return true;
    if (typeof each !== 'object' || each === null || ArrayBuffer.isView(each)) continue;
    const parts =
      each instanceof Map || each instanceof Set ? [...each.values()] : Object.values(each);
    for (const part of parts) if (seen.size < MAX_VALUES) seen.add(part);
  }
  return false;
}
