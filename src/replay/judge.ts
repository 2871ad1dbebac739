import { Logger, type ExecutionContext } from '@nestjs/common';
import type { FutureUnreadError } from '../errors/index.js';
import type { Ledger } from '../ledger/ledger.js';
import { told } from '../errors/outside-text.js';
import { httpRequestOf } from '../ledger/request-ledger.js';
import { judgeUnread } from '../ledger/unread.js';

const logger = new Logger('Futures');

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

/** Methods whose handlers are there for their effects (RFC 9110, section 9.2.1). */
const UNSAFE_METHODS: ReadonlySet<unknown> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Names a handler that writes, was replayed, and does nothing that keeps an effect from happening in
 * each pass. For the option `strict`.
 *
 * @internal
 */
export function warnOfEffects(ledger: Ledger, context: ExecutionContext): void {
  const request: { readonly method?: unknown } | undefined = httpRequestOf(context);
  if (ledger.pass.number === 1 || !UNSAFE_METHODS.has(request?.method)) return;
  if (ledger.usesOnce || ledger.usesBarrier) return;
  const handler = `${context.getClass().name}.${context.getHandler().name}`;
  if (!ledger.runtime.mayWarn(`effects ${handler}`)) return;
  logger.warn(
    told`${handler} answers ${String(request?.method)} and was replayed: what it writes outside of a transaction happens in each pass. ` +
      `Put it behind barrier(), into once(key, fn), or declare the futures with @Future('key', { task, args }).`,
  );
}
