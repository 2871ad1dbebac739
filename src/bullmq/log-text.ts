import { told } from '../executors/kit.js';

/** The message of whatever was thrown, safe to log. @internal */
export function messageOf(thrown: unknown): string {
  try {
    const { message, code } = thrown as { readonly message?: unknown; readonly code?: unknown };
    return told`${String(message || code || thrown) || 'unknown error'}`;
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
