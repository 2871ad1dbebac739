import type { Logger } from '@nestjs/common';
import { textOf } from './is-a.js';

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
