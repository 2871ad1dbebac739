import type { ExecutionContext } from '@nestjs/common';
import type { Subscriber } from 'rxjs';
import type { FutureUnreadError } from '../errors/index.js';
import type { Ledger } from '../ledger/ledger.js';
import { destroyBody } from './discarded-body.js';
import { judge } from './judge.js';

/**
 * Where the values of passes are published. Nest answers with the last value of a route or a
 * resolver, so that one is held until there will be no more: until then the handler, and what
 * stands around it, may ask for values. Events and messages are sent as they come.
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
   * @returns why it must not be published
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

  /** Why the value that is held must not be published. */
  refusal(): FutureUnreadError | undefined {
    return this.#held && this.#judge(this.#held.value);
  }

  /** Gives the value that is held, which is then not held any more. */
  release(): unknown {
    const value = this.#held?.value;
    this.#held = undefined;
    return value;
  }

  /** Sends the value that is held. */
  flush(): void {
    if (this.#held !== undefined) this.#send(this.release());
  }

  /** Ends what the value that is held would have been read from. */
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
