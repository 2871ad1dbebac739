/** How much of a text from outside is logged, in characters. */
const MAX_LENGTH = 300;

/**
 * Makes a text from outside safe to log: control characters, with which it could forge log lines,
 * are escaped, and a long text is cut to 300 characters.
 *
 * @internal
 */
export function logText(text: unknown): string {
  const whole = typeof text === 'string' ? text : typeof text;
  const cut = whole.length > MAX_LENGTH ? `${whole.slice(0, MAX_LENGTH)}…` : whole;
  return cut.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** The message of whatever was thrown, safe to log. @internal */
export function messageOf(thrown: unknown): string {
  try {
    const { message, code } = thrown as { readonly message?: unknown; readonly code?: unknown };
    return logText(message || code || String(thrown));
  } catch {
    // A revoked proxy, say.
    return 'unknown error';
  }
}

/** What was thrown, if it is an error that can be kept as a cause: a revoked proxy cannot. @internal */
export function causeOf(thrown: unknown): Error | undefined {
  try {
    return thrown instanceof Error ? thrown : undefined;
  } catch {
    return undefined;
  }
}
