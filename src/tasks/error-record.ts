/** An error taken apart into what structured clone keeps. */
export type ErrorRecord =
  | {
      readonly kind: 'error';
      readonly className: string;
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly isHttpException: boolean;
      readonly properties: readonly (readonly [string, ErrorRecord])[];
      readonly cause: ErrorRecord | undefined;
      readonly errors: readonly ErrorRecord[] | undefined;
    }
  | { readonly kind: 'value'; readonly value: unknown };

/** How deep causes and errors in properties are followed: beyond it a text stands for the value. */
const MAX_DEPTH = 8;

/**
 * Takes an error apart for the way from a worker. Structured clone alone would lose its class,
 * `name`, `code` and own properties. Whatever cannot be cloned in it becomes its text.
 *
 * @internal
 */
export function describeError(error: unknown, depth = 0): ErrorRecord {
  if (!(error instanceof Error)) return { kind: 'value', value: cloneable(error) };
  if (depth > MAX_DEPTH) return { kind: 'value', value: String(error) };
  const { cause, errors } = error as { cause?: unknown; errors?: unknown };
  return {
    kind: 'error',
    className: error.constructor?.name ?? 'Error',
    name: error.name,
    message: error.message,
    stack: error.stack,
    isHttpException: isHttpException(error),
    properties: Object.entries(error)
      .filter(([name]) => !['name', 'message', 'stack', 'cause', 'errors'].includes(name))
      .map(([name, value]) => [name, describeError(value, depth + 1)] as const),
    cause: cause === undefined ? undefined : describeError(cause, depth + 1),
    errors: Array.isArray(errors)
      ? errors.map((inner: unknown) => describeError(inner, depth + 1))
      : undefined,
  };
}

/** By shape, not class: a task file's copy of Nest need not be the app's. */
function isHttpException(error: object): boolean {
  const { getStatus, getResponse } = error as { getStatus?: unknown; getResponse?: unknown };
  return typeof getStatus === 'function' && typeof getResponse === 'function';
}

function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return String(value);
  }
}
