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
