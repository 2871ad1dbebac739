import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel';
import type { ExecutionContext } from '@nestjs/common';
import type { Call, Outcome } from '../executors/executor.js';
import type { Assignment } from '../executors/executors.js';

/*
 * What tracers, metrics and logs can listen to: three tracing channels of
 * `node:diagnostics_channel`. The events of one request, pass or call share one message: `start`
 * and `end` around the part that runs at once, `asyncStart` and `asyncEnd` when it is over, and
 * `error` before that if it has failed. Nothing is made or published while nobody listens.
 */

/**
 * Message of `tracing:nestjs-futures:request:*`: a request whose handler is replayed.
 *
 * @publicApi
 */
export interface RequestMessage {
  /** Identifies the app, of several in one process: its `WorkerPool.app`. */
  readonly app: object;
  /** Class and method of the handler, such as `ReportsController.page`. */
  readonly handler: string;
  /** `http`, `graphql`, `rpc` or `ws`. */
  readonly transport: string;
  /** How many passes have begun. */
  passes: number;
  /** How it ended: set before `asyncStart`. `abandoned`: its client has gone. */
  outcome?: 'published' | 'failed' | 'abandoned';
  /** What the request fails with, if it fails. */
  error?: unknown;
}

/**
 * Message of `tracing:nestjs-futures:pass:*`: one run of a handler. Handler and interceptors run
 * inside the stores that are bound to `start`.
 *
 * @publicApi
 */
export interface PassMessage {
  readonly request: RequestMessage;
  /** From 1. */
  readonly pass: number;
  /** How it ended: set before `asyncStart`. A discarded pass is no error. */
  outcome?: 'published' | 'discarded' | 'failed' | 'abandoned';
  /** Keys of the futures that a discarded pass went on without. */
  pending?: readonly string[];
  /** What a failed pass failed with. */
  error?: unknown;
}

/**
 * Message of `tracing:nestjs-futures:call:*`: one call, from its hand-over to the executor until
 * the outcomes of its batch are there.
 *
 * @publicApi
 */
export interface CallMessage {
  /** Identifies the app, of several in one process: its `WorkerPool.app`. */
  readonly app: object;
  /** Undefined outside of requests, and where a handler has only declared futures. */
  readonly request: RequestMessage | undefined;
  /** The pass that waits for it, from 1; undefined outside of requests. */
  readonly pass: number | undefined;
  /** Name of the executor. */
  readonly executor: string;
  readonly call: Call;
  /** Value or error, worker, and times of wait and run in ms: set before `asyncStart`. */
  outcome?: Outcome;
  /** What a failed call failed with. */
  error?: unknown;
}

type Traced = RequestMessage | PassMessage | CallMessage;
type Channel<Message extends object> = TracingChannel<unknown, Message>;

const requests: Channel<RequestMessage> = tracingChannel('nestjs-futures:request');
const passes: Channel<PassMessage> = tracingChannel('nestjs-futures:pass');
const calls: Channel<CallMessage> = tracingChannel('nestjs-futures:call');

/** The events of one request and its passes. @internal */
export class RequestTrace {
  readonly message: RequestMessage;
  #pass: PassMessage | undefined;
  #isOver = false;

  private constructor(context: ExecutionContext, app: object) {
    const handler = `${context.getClass().name}.${context.getHandler().name}`;
    this.message = { app, handler, transport: context.getType(), passes: 0 };
  }

  /** Undefined if nobody listens. */
  static of(context: ExecutionContext, app: object): RequestTrace | undefined {
    const isHeard = requests.hasSubscribers || passes.hasSubscribers || calls.hasSubscribers;
    return isHeard ? new RequestTrace(context, app) : undefined;
  }

  /** Runs what starts a pass. */
  run<Result>(start: () => Result): Result {
    const { message } = this;
    // With the option `strict`, the pass that is published is repeated before that.
    this.#endPass('published');
    message.passes++;
    const pass: PassMessage = { request: message, pass: message.passes };
    this.#pass = pass;
    const startPass = () => begin(passes, pass, start);
    return message.passes === 1 ? begin(requests, message, startPass) : startPass();
  }

  discardPass(pending: readonly string[]): void {
    this.#endPass('discarded', { pending });
  }

  /** The request is over, unless it was before. */
  end(outcome: 'published' | 'abandoned'): void {
    this.#endPass(outcome);
    this.#end(outcome);
  }

  fail(error: unknown): void {
    this.#endPass('failed', { error });
    if (!this.#isOver) this.message.error = error;
    this.#end('failed');
  }

  #endPass(outcome: NonNullable<PassMessage['outcome']>, rest: Partial<PassMessage> = {}): void {
    const pass = this.#pass;
    this.#pass = undefined;
    if (pass !== undefined) end(passes, Object.assign(pass, { outcome }, rest));
  }

  #end(outcome: NonNullable<RequestMessage['outcome']>): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.message.outcome = outcome;
    end(requests, this.message);
  }
}

/** Which pass waits for calls. */
export interface CallOrigin {
  readonly request?: RequestMessage | undefined;
  readonly pass?: number;
}

/** Runs a batch of calls, and publishes the events of each. @internal */
export async function traceCalls(
  run: () => Promise<Outcome[]>,
  assignments: readonly Assignment[],
  app: object,
  { request, pass }: CallOrigin = {},
): Promise<Outcome[]> {
  const messages = assignments.map(({ executor, call }): CallMessage => {
    return { app, request, pass, executor, call };
  });
  for (const message of messages) begin(calls, message, () => {});
  const outcomes = await run();
  for (const [i, message] of messages.entries()) {
    const outcome = outcomes[i] as Outcome;
    message.outcome = outcome;
    if (outcome.status === 'failed') message.error = outcome.value;
    end(calls, message);
  }
  return outcomes;
}

/** Whether somebody listens to the events of calls. @internal */
export function areCallsTraced(): boolean {
  return calls.hasSubscribers;
}

function begin<Message extends Traced, Result>(
  channel: Channel<Message>,
  message: Message,
  start: () => Result,
): Result {
  return channel.start.runStores(message, () => {
    try {
      return start();
    } finally {
      channel.end.publish(message);
    }
  });
}

function end<Message extends Traced>(channel: Channel<Message>, message: Message): void {
  if (message.error !== undefined) channel.error.publish(message);
  channel.asyncStart.publish(message);
  channel.asyncEnd.publish(message);
}
