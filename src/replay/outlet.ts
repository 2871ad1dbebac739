import { type ExecutionContext, Logger } from '@nestjs/common';
import type { Subscriber } from 'rxjs';
import type { FutureUnreadError } from '../errors/index.js';
import { told } from '../errors/text.js';
import { destroyBody } from '../http/discarded-body.js';
import type { Ledger } from '../request/ledger.js';
import { httpRequestOf } from '../request/request-ledger.js';
import { judgeUnread } from '../request/unread.js';

/**
 * Publishes the values of passes. Nest answers with the last value of a route or a resolver, so
 * that value is held until the pass completes: until then, the handler and its interceptors may ask
 * for futures. Events and messages are sent as they come.
 *
 * @internal
 */
export class Outlet {
  /** Whether anything was sent. */
  hasPublished = false;
  #held: { readonly value: unknown } | undefined;
  readonly #ledger: Ledger;
  readonly #context: ExecutionContext;
  readonly #subscriber: Subscriber<unknown>;
  readonly #isStreamed: boolean;

  constructor(
    ledger: Ledger,
    context: ExecutionContext,
    subscriber: Subscriber<unknown>,
    isSse: boolean,
  ) {
    const type: string = context.getType();
    this.#ledger = ledger;
    this.#context = context;
    this.#subscriber = subscriber;
    this.#isStreamed = isSse || (type !== 'http' && type !== 'graphql');
  }

  /** Whether a value waits to be sent. */
  get isHolding(): boolean {
    return this.#held !== undefined;
  }

  /**
   * Sends or holds a value.
   *
   * @returns the error if it must not be published
   */
  take(value: unknown): FutureUnreadError | undefined {
    this.drop();
    if (!this.#isStreamed) {
      this.#held = { value };
      return undefined;
    }
    const unread = this.#judge(value);
    if (unread === undefined) this.#send(value);
    return unread;
  }

  /** The error if the held value must not be published. */
  refusal(): FutureUnreadError | undefined {
    return this.#held && this.#judge(this.#held.value);
  }

  /** Returns the held value, and holds it no longer. */
  release(): unknown {
    const value = this.#held?.value;
    this.#held = undefined;
    return value;
  }

  /** Sends the held value. */
  flush(): void {
    if (this.#held !== undefined) this.#send(this.release());
  }

  /** Drops the held value, and destroys the stream that it would have been read from. */
  drop(): void {
    if (this.#held !== undefined) destroyBody(this.release());
  }

  #judge(value: unknown): FutureUnreadError | undefined {
    if (this.hasPublished) return undefined;
    const unread = judge(this.#ledger, this.#context, value);
    if (unread === undefined) return undefined;
    this.#held = undefined;
    destroyBody(value);
    return unread;
  }

  #send(value: unknown): void {
    this.hasPublished = true;
    this.#subscriber.next(value);
  }
}

const logger = new Logger('Futures');

/** Key of Nest's metadata of `@Redirect()` on a handler (`REDIRECT_METADATA`). */
const REDIRECT_METADATA = '__redirect__';

/**
 * Judges what a pass is about to publish, once per pass.
 *
 * @returns the error if it must not be published
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
  // False if something else, such as a cache, answered in place of the handler.
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

/** Methods whose handlers are meant to have side effects (RFC 9110, section 9.2.1). */
const UNSAFE_METHODS: ReadonlySet<unknown> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Warns of a handler that writes, was replayed, and does nothing to keep its side effects from
 * happening in each pass. For the option `strict`.
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
