import type { Logger } from '@nestjs/common';

/**
 * `value instanceof type`, for values that user code throws or returns: false where the check
 * itself throws, as it does for a revoked proxy.
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

/** Describes a value in an error message. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

/** How many characters of a text from outside are shown in a message. */
const SHOWN = 200;
/** How many entries of a list are shown in a message. */
const LISTED = 20;

/** Control characters, line and paragraph separators, half surrogate pairs, bidi controls. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * A template tag for messages that contain text from outside: a key, a path, a route, anything that
 * a client can choose. Values are escaped, so that they cannot forge log lines or control a
 * terminal, and cut at 200 characters. An array is shown as a list of at most 20 entries.
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
  // The rest isn't read: a key may be as long as a request body.
  const start = text.slice(0, SHOWN).replace(UNSAFE, escapeOf);
  if (text.length <= SHOWN && start.length <= SHOWN) return start;
  // An escape that was cut in half is left out.
  return `${start.slice(0, SHOWN).replace(/\\(u[0-9a-f]{0,3})?$/, '')}…`;
}

function escapeOf(character: string): string {
  return (
    ESCAPES[character] ?? `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}`
  );
}

/**
 * Logs what user code has thrown. Never throws: a value that the logger cannot print, such as a
 * revoked proxy, is described instead.
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
