import type { ExecutionContext } from '@nestjs/common';
import type { FutureUnreadError } from '../errors/index.js';
import type { Ledger } from '../ledger/ledger.js';
import { judgeUnread } from '../ledger/unread.js';

/** Key of Nest's metadata of `@Redirect()` on a handler (`REDIRECT_METADATA`). */
const REDIRECT_METADATA = '__redirect__';

/**
 * Judges what a pass is about to publish, once for each pass.
 *
 * @returns why it must not be published
 * @internal
 */
export function judge(
  ledger: Ledger,
  context: ExecutionContext,
  outcome: unknown,
): FutureUnreadError | undefined {
  const { pass } = ledger;
  if (pass.number === 1 || pass.isJudged || pass.isRehearsal) return undefined;
  pass.isJudged = true;
  // A cache, say, has answered in place of the handler.
  const isOfHandler = !ledger.hasBarrier || pass.handlerRan;
  if (!isOfHandler || pass.isPublishedAsIs || isRedirect(ledger, context)) return undefined;
  return judgeUnread(ledger, ledger.unread, outcome);
}

/** Whether the response has no body that could hold a placeholder: a redirect, or 304. */
function isRedirect({ head }: Ledger, context: ExecutionContext): boolean {
  const { status } = head;
  if (status >= 300 && status < 400) return true;
  return Reflect.hasMetadata(REDIRECT_METADATA, context.getHandler());
}
