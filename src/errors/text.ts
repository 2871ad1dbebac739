import type { Logger } from '@nestjs/common';

/**
 * `value instanceof type`, for values that user code throws or returns: false where the question
 * throws, as it does for a revoked proxy.
 *
 * @internal
 */
export function isA<Type>(
  value: unknown,
  type: abstract new (...args: never[]) => Type,
): value is Type {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/**
 * A value that user code threw, as text; never throws itself.
 *
 * @internal
 */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a value of type ${typeof value} that cannot be read`;
  }
}

/** A value in an error message. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

/** How many characters of a text from outside a message shows. */
const SHOWN = 200;
/** How many entries of a list a message shows. */
const LISTED = 20;

/** Control characters, line and paragraph separators, halves of surrogate pairs, and what reorders text. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * A template tag for messages that hold text from outside: a key, a path, a route, whatever a
 * client can choose. Each value is shown so that it cannot forge lines of a log or drive a terminal,
 * and is cut at 200 characters; an array is shown as a list of at most 20 entries.
 *
 * @example
 * ```ts
 * throw new Error(told`No future was submitted as "${key}".`);
 * ```
 *
 * @internal
 */
export function told(strings: TemplateStringsArray, ...values: readonly Told[]): string {
  return String.raw({ raw: strings }, ...values.map(shown));
}

type Told = string | number | undefined | readonly string[];

function shown(value: Told): string {
  return typeof value === 'object' ? listed(value) : escaped(String(value));
}

function listed(texts: readonly string[]): string {
  const first = texts.slice(0, LISTED).map(escaped).join(', ');
  return texts.length > LISTED ? `${first} and ${texts.length - LISTED} more` : first;
}

function escaped(text: string): string {
  // What is cut off is not looked at: a key may be as long as a request body.
  const start = text.slice(0, SHOWN).replace(UNSAFE, escapeOf);
  if (text.length <= SHOWN && start.length <= SHOWN) return start;
  // An escape that was cut in two is left out.
  return `${start.slice(0, SHOWN).replace(/\\(u[0-9a-f]{0,3})?$/, '')}…`;
}

function escapeOf(character: string): string {
  return (
    ESCAPES[character] ?? `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}`
  );
}

/**
 * Logs what user code has thrown. Never throws: a value that the logger cannot print, such as a
 * revoked proxy, is named instead.
 *
 * @internal
 */
export function logThrown(logger: Pick<Logger, 'error'>, thrown: unknown): void {
  try {
    logger.error(thrown);
  } catch {
    logger.error(textOf(thrown));
  }
}
