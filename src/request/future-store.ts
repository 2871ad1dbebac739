import type { ExecutionContext } from '@nestjs/common';
import { TooManyFuturesError } from '../errors/index.js';
import type { ClientConnection } from '../http/client-connection.js';
import type { ResponseHead } from '../http/response-head.js';
import type { RequestTrace } from './diagnostics.js';
import { FutureRunner } from './future-runner.js';
import { type Future, Marks } from './future.js';
import type { UnreadMode } from './futures.options.js';
import type { FuturesRuntime } from './futures.runtime.js';
import { PassState } from './pass.js';
import { type Share, shareOf } from './share.js';
import {
  checkKey,
  createFuture,
  refusals,
  type RequestLimits,
  type Submission,
} from './submission.js';

/** What a ledger needs to know about its request. */
export interface LedgerOptions {
  readonly runtime: FuturesRuntime;
  readonly client: ClientConnection;
  readonly head: ResponseHead;
  /** What the option `share` is asked with. */
  readonly context?: ExecutionContext;
  /** State that the resolvers of one GraphQL request share. Default: the ledger's own maps. */
  readonly shared?: SharedState | undefined;
}

/** Options that a route may set for its requests. */
export interface RouteOptions {
  readonly maxPasses?: number | undefined;
  readonly timeout?: number | undefined;
  readonly deadline?: number | undefined;
  readonly unread?: UnreadMode | undefined;
}

/** State that several ledgers of one request share. */
export interface SharedState {
  readonly futures: Map<string, Future>;
  /** Results kept by `once()`, by key. */
  readonly kept: Map<string, unknown>;
}

/**
 * The futures of one request, over all its passes, and what each pass did with them.
 *
 * @internal
 */
export abstract class FutureStore {
  readonly runtime: FuturesRuntime;
  readonly client: ClientConnection;
  readonly head: ResponseHead;
  readonly pass: PassState;
  /** The request (outside HTTP, the context) whose passes an interceptor runs now, if one does. */
  request: object | undefined;
  /** Undoes the changes that passes made to the response head. */
  restoreHead: () => void = () => {};

  /** The last stale future, if it was stale more than once (see `#isStale`). */
  stale: { readonly key: string; readonly before: unknown; readonly after: unknown } | undefined;
  /** The events of this request, if somebody listens to them. */
  trace: RequestTrace | undefined;
  /** Whether the handler used `once()`, or `barrier()`. */
  usesOnce = false;
  usesBarrier = false;
  /** Whether a barrier stands around the handler, and notes whether the handler ran. */
  hasBarrier = false;
  /** The `@UseFutures()` options of its route. */
  route: RouteOptions = {};

  readonly #futures: Map<string, Future>;
  /** Results kept by `once()`, by key. */
  protected readonly kept: Map<string, unknown>;
  /** What the passes of this ledger did with its keys. */
  readonly marks: Marks;
  protected readonly runner: FutureRunner;
  readonly #takesSubmissions: boolean;
  readonly #context: ExecutionContext | undefined;
  #share: Share | undefined;

  constructor({ runtime, client, head, context, shared }: LedgerOptions) {
    this.runtime = runtime;
    this.client = client;
    this.head = head;
    this.#context = context;
    this.pass = new PassState(runtime.options.strict);
    this.#futures = shared?.futures ?? new Map();
    this.kept = shared?.kept ?? new Map();
    this.marks = new Marks(shared !== undefined);
    this.runner = new FutureRunner(this);
    this.#takesSubmissions = !runtime.isShuttingDown;
  }

  /** Maximum number of passes of this request. */
  get maxPasses(): number {
    return this.route.maxPasses ?? this.runtime.options.maxPasses;
  }

  /** What happens if the published pass leaves a key unread. */
  get unread(): UnreadMode {
    return this.route.unread ?? this.runtime.options.unread;
  }

  future(key: string): Future | undefined {
    return this.#futures.get(key);
  }

  get futures(): Iterable<Future> {
    return this.#futures.values();
  }

  /** Runs the futures that the pass went on without. */
  resolvePending(): Promise<unknown> {
    return this.runner.runAll([...this.pass.awaited]);
  }

  protected read(future: Future): unknown {
    const mark = this.marks.of(future);
    mark.askedIn = this.pass.number;
    mark.readIn = this.pass.number;
    return future.read(this.pass.log.token);
  }

  /** Notes what this pass gets in place of a value, and returns it. */
  protected handOut(key: string, future: Future | undefined, placeholder: unknown): unknown {
    const { pass } = this;
    const mark = future === undefined ? this.marks.ofUnsubmitted(key) : this.marks.of(future);
    mark.askedIn = pass.number;
    if (mark.handedOutIn !== pass.number) {
      mark.handedOutIn = pass.number;
      mark.placeholder = placeholder;
      mark.isAfterOthers = pass.hasHandedOut;
    }
    pass.hasHandedOut = true;
    return placeholder;
  }

  protected add(submission: Submission, known?: Future): Future {
    if (this.request === undefined) throw refusals.notReplayed(submission.key);
    const future = this.create(submission);
    this.pass.awaited.add(future);
    if (known !== undefined) this.pass.awaited.delete(known);
    this.marks.of(future).askedIn = this.pass.number;
    return future;
  }

  protected create(submission: Submission): Future {
    const { key } = submission;
    checkKey(key);
    this.checkOpen(key);
    const { maxFutures } = this.runtime.options;
    if (this.#futures.size >= maxFutures && !this.#futures.has(key)) {
      throw new TooManyFuturesError(maxFutures, key);
    }
    const isCompared =
      this.pass.hasHandedOut || this.runtime.usesContext || this.marks.areFuturesShared;
    const future = createFuture(this.runtime, submission, isCompared, this.#limits());
    this.pass.log.submitted(key);
    if (!this.marks.areFuturesShared) {
      future.takeOver(this.#futures.get(key) ?? this.marks.before(key));
    }
    this.#futures.set(key, future);
    return future;
  }

  #limits(): RequestLimits {
    const { timeout, deadline } = this.route;
    const { share, weight } = (this.#share ??= shareOf(this.runtime.options, this.#context));
    return { startedAt: this.pass.log.origin, timeout, deadline, share, weight };
  }

  protected checkOpen(key: string): void {
    if (!this.#takesSubmissions) throw refusals.shuttingDown(key);
    if (this.pass.phase === 'between') throw refusals.betweenPasses(key);
    if (this.pass.phase === 'ended') throw refusals.ended(key);
  }

  protected fail(error: Error): never {
    this.pass.failure ??= error;
    throw error;
  }

  protected drop(key: string, matches: (future: Future) => boolean): boolean {
    checkKey(key);
    const future = this.#futures.get(key);
    if (future === undefined || !matches(future)) return false;
    this.pass.awaited.delete(future);
    this.marks.delete(key);
    return this.#futures.delete(key);
  }
}
