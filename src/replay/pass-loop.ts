import { Logger } from '@nestjs/common';
import type { Subscriber } from 'rxjs';
import { PassDiscardedError, ResponseCommittedError } from '../errors/index.js';
import { isA, logThrown } from '../errors/text.js';
import { adapterOf } from '../http/adapter.js';
import { destroyBody } from '../http/discarded-body.js';
import { setRetryAfter } from '../http/response-head.js';
import { copyMoved } from '../http/uploads.js';
import { keptOutcomeError } from '../request/drift.js';
import { httpRequestOf } from '../request/request-ledger.js';
import { Outlet, warnOfEffects } from './outlet.js';
import { PassRunner, type PassLoopOptions } from './pass-runner.js';
import { Rehearsal } from './rehearsal.js';
import { RoutePolicy } from './route-policy.js';
import { watchStrayRejections } from './stray-rejections.js';

const logger = new Logger('Futures');

/**
 * Runs a request pass by pass, until a pass leaves nothing pending. Then it publishes that outcome.
 *
 * It is the observer of each pass. A value, error or completion that arrives while futures are
 * pending ends the pass, no matter who sent it: an interceptor may have swallowed or replaced the
 * barrier's error.
 *
 * @internal
 */
export class PassLoop extends PassRunner {
  readonly #outlet: Outlet;
  readonly #policy: RoutePolicy;

  constructor(options: PassLoopOptions, subscriber: Subscriber<unknown>) {
    super(options, subscriber);
    const { ledger, context, isSse, route } = options;
    this.#outlet = new Outlet(ledger, context, subscriber, isSse);
    this.#policy = new RoutePolicy(ledger, context, route);
  }

  next(value: unknown): void {
    // If there is a barrier, it has noted already what the handler itself returned.
    this.ledger.pass.outcome ??= { value };
    if (this.isDiscarding) destroyBody(value);
    else if (this.ledger.pass.mustDiscard) {
      destroyBody(value);
      this.#discard();
    } else if (this.ledger.pass.failure !== undefined) {
      destroyBody(value);
      this.fail(this.ledger.pass.failure);
    } else this.#failIf(this.#outlet.take(value));
  }

  error(error: unknown): void {
    const { pass } = this.ledger;
    pass.outcome ??= { error };
    if (this.isDiscarding) return;
    // An interceptor that coalesces equal requests can deliver another request's rejection here.
    const isOfAnother = isA(error, PassDiscardedError) && pass.failure === undefined;
    const keptFrom = pass.mustDiscard ? undefined : pass.keptFrom(error);
    if (keptFrom !== undefined) this.fail(keptOutcomeError(this.ledger, keptFrom));
    else if (pass.mustDiscard || isOfAnother) this.#discard();
    else if (!this.#outlet.hasPublished && !this.#isCommitted && this.#policy.wantsRetry(error)) {
      // The replay decides anew whether it is published with placeholders.
      pass.isPublishedAsIs = false;
      this.#discard();
    } else this.fail(pass.failure ?? error);
  }

  complete(): void {
    if (this.isDiscarding) return;
    if (this.ledger.pass.mustDiscard) this.#discard();
    else if (this.ledger.pass.failure !== undefined) this.fail(this.ledger.pass.failure);
    else if (this.#failIf(this.#outlet.refusal())) return;
    else if (this.#isRehearsed) this.#rehearse(this.#outlet.release());
    else {
      this.#outlet.flush();
      this.ledger.pass.end();
      this.ledger.trace?.end('published');
      this.subscriber.complete();
    }
  }

  /** With the option `strict`, one more pass runs before the outcome is published. */
  get #isRehearsed(): boolean {
    if (!this.ledger.runtime.options.strict || !this.#outlet.isHolding) return false;
    warnOfEffects(this.ledger, this.context);
    return Rehearsal.isPossible(this.ledger, this.context);
  }

  #rehearse(value: unknown): void {
    this.rehearsal = new Rehearsal(this.ledger, this.context, value, this.#isCloned);
    this.rehearsal.begin();
    this.#rewound().then(
      () => this.start(),
      (error: unknown) => this.fail(error),
    );
  }

  /** Restarts the body, so that a pass can read it again from the same request. */
  async #rewound(): Promise<void> {
    await this.body?.rewind(this.context.getArgByIndex<object>(0));
  }

  #discard(): void {
    this.isDiscarding = true;
    this.pass.isDiscarded = true;
    this.ledger.trace?.discardPass(this.ledger.pass.pendingKeys);
    this.#outlet.drop();
    watchStrayRejections();
    this.unsubscribe();
    const ended =
      this.rehearsal === undefined ? this.#replay() : this.#endRehearsal(this.rehearsal);
    ended.catch((error: unknown) => this.fail(error));
  }

  async #replay(): Promise<void> {
    const { ledger } = this;
    if (this.#isCommitted) {
      this.#endCommitted('pass');
      return;
    }
    if (!this.isSse || !ledger.head.isSent) ledger.restoreHead();
    // The await also lets the unsubscribed pass release what it holds before tasks start.
    await this.#policy.endPass();
    // Before the tasks start: a plain function among them may read the body as well.
    if (this.body !== undefined) await this.#rewound();
    if (this.#policy.isLastPass) throw this.#policy.limitError();
    const served = httpRequestOf(this.context);
    if (served !== undefined) {
      copyMoved(this.request?.holders ?? [served], ledger.pass.awaited);
    }
    await ledger.resolvePending();
    const next = this.request?.clone() ?? httpRequestOf(this.context);
    if (this.body !== undefined && next !== undefined) await this.body.rewind(next);
    if (this.#isCommitted) this.#endCommitted('tasks');
    else if (ledger.client.isCancelled || this.subscriber.closed) this.#abandon();
    else this.#next(next);
  }

  /** Whether each pass runs in a clone of the request. */
  get #isCloned(): boolean {
    return this.request !== undefined;
  }

  #next(served: object | undefined): void {
    const { ledger, request } = this;
    ledger.pass.next();
    // The clone is answered by a pass loop of its own. This one ends without an outcome.
    if (request !== undefined && served !== undefined) {
      this.pass = { ledger, isDiscarded: false };
      this.inContext(() => request.dispatch(served, ledger));
      return;
    }
    if (served !== undefined) adapterOf(served).keepUpload(served, served);
    this.start();
  }

  /** Whether something irrevocable was sent; the head of an event stream does not count. */
  get #isCommitted(): boolean {
    return this.isSse ? this.#outlet.hasPublished : this.ledger.head.isSent;
  }

  #endCommitted(sentDuring: 'pass' | 'tasks'): void {
    const { pass } = this.ledger;
    const error = new ResponseCommittedError(pass.pendingKeys, sentDuring);
    if (this.isSse) {
      // Nest logs the error, and ends the stream with an error event.
      this.fail(error);
      return;
    }
    pass.end();
    this.ledger.trace?.fail(error);
    logThrown(logger, error);
    // Publish no outcome: Nest would try to send it.
  }

  async #endRehearsal(rehearsal: Rehearsal): Promise<void> {
    await this.#policy.endPass();
    this.ledger.pass.end();
    rehearsal.end();
    this.ledger.trace?.end('published');
    this.subscriber.next(rehearsal.value);
    this.subscriber.complete();
  }

  /** Ends without a response, since nobody waits for it. */
  #abandon(): void {
    this.ledger.pass.end();
    this.ledger.trace?.end('abandoned');
    if (!this.isSse) this.subscriber.next(undefined);
    this.subscriber.complete();
  }

  /** Fails if there is an error. Returns whether there was one. */
  #failIf(error: Error | undefined): boolean {
    if (error !== undefined) this.fail(error);
    return error !== undefined;
  }

  protected fail(error: unknown): void {
    const { ledger } = this;
    ledger.pass.end();
    ledger.trace?.fail(error);
    setRetryAfter(ledger.head, error);
    this.subscriber.error(error);
  }
}
