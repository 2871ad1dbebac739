import { told } from '../executors/kit.js';

/** The message of anything that was thrown, safe to log. @internal */
export function messageOf(thrown: unknown): string {
  try {
    const { message, code } = thrown as { readonly message?: unknown; readonly code?: unknown };
    return told`${String(message || code || thrown) || 'unknown error'}`;
  } catch {
    // For example, a revoked proxy.
    return 'unknown error';
  }
}

/** The thrown value if it can be kept as a cause: an error, not a revoked proxy. @internal */
export function causeOf(thrown: unknown): Error | undefined {
  try {
    return thrown instanceof Error ? thrown : undefined;
  } catch {
    return undefined;
  }
}
