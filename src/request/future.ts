import {
  MAX_JSON,
  type Outcome,
  type PackedCall,
  RepeatableOutcome,
} from '../executors/executor.js';
import type { AnyFunction } from '../wire/protocol.js';
import { SentArguments, sameArguments } from './fingerprint.js';
import { Mark } from './mark.js';
import { isTaskHandle } from '../tasks/task.js';
import { packJson } from '../wire/codec.js';
import { SharedValue } from './shared-value.js';

const NOT_STARTED: Promise<void> = Promise.resolve();

/** What is told of the run of a future whose task has not ended. @internal */
export const NOT_RUN = Object.freeze({ worker: '', wait: 0, run: 0 });

/**
 * A value of a request: submitted, then resolved, with a value or an error.
 *
 * @internal
 */
export class Future extends Mark {
  /** Between `pending` and `resolved` or `failed`, its task is with an executor: `running`. */
  state: 'pending' | 'running' | 'resolved' | 'failed' = 'pending';
  /** How its task ended; undefined: it has not. */
  outcome: Outcome | undefined;
  /** ms from the start of the request to the hand-over to the executor. */
  handedOver = 0;
  /** The value, or the error, unless it is primitive: what one pass does to it does not reach the next. */
  #shared: SharedValue | undefined;
  /** Its arguments as they were sent, if they are to be compared, and not all primitive. */
  #sent: SentArguments | undefined;
  /** Resolves when the batch that it is part of has ended. */
  settled = NOT_STARTED;

  constructor(
    readonly key: string,
    /** What was passed as the task: a handle, or a function. */
    readonly source: AnyFunction,
    readonly call: PackedCall,
    readonly executor: string,
    /** Whether its arguments are to be compared with those it is asked for with later. */
    readonly isCompared: boolean,
  ) {
    super();
  }

  get isSettled(): boolean {
    return this.state === 'resolved' || this.state === 'failed';
  }

  /** Its task was handed to an executor, as part of this batch. */
  start(batch: Promise<void>): void {
    this.state = 'running';
    this.settled = batch;
  }

  /** How often it was asked for with other arguments than it was computed with. */
  timesStale = 0;
  /** Whether its value was given by `provide()`, and in which pass; 0: it was not. */
  providedIn = 0;

  get isProvided(): boolean {
    return this.providedIn > 0;
  }

  /** It is settled by a value that is known already. */
  provide(value: unknown, pass: number): void {
    this.providedIn = pass;
    this.resolve({ status: 'resolved', value, worker: '', wait: 0, run: 0 }, 0);
  }

  /** Goes on with what passes did with its key before it was submitted. */
  takeOver(earlier: Mark | undefined): void {
    if (earlier === undefined) return;
    const { handedOutIn, placeholder, isAfterOthers } = earlier;
    Object.assign(this, { handedOutIn, placeholder, isAfterOthers });
    if (earlier instanceof Future) this.timesStale = earlier.timesStale;
  }

  #askedWith: readonly unknown[] | undefined;
  #askedWithIn = 0;

  /** Whether one pass, which asks for it now, has asked for it with other arguments before. */
  isAskedOtherwise(args: readonly unknown[], pass: number): boolean {
    if (this.#askedWith !== undefined && this.#askedWithIn === pass) {
      return !sameArguments(this.source, this.#askedWith, args);
    }
    this.#askedWith = args;
    this.#askedWithIn = pass;
    return false;
  }

  /** Keeps what its arguments are now, when they are sent. */
  seal(): void {
    const { args, transferList } = this.call;
    if (!this.isCompared || args.every(isPrimitive)) return;
    // Short plain data is written down for its executor by the way.
    if (transferList === undefined && isTaskHandle(this.source)) {
      this.call.packed = packJson(args, MAX_JSON);
    }
    if (this.call.packed === undefined) this.#sent ??= new SentArguments(this.source, args);
  }

  /** Whether these are the arguments that were sent. */
  wasSent(args: readonly unknown[]): boolean {
    const { args: sent, packed } = this.call;
    if (packed !== undefined) return packJson(args, MAX_JSON)?.[1] === packed[1];
    if (this.#sent !== undefined) return this.#sent.equal(args);
    return sent.length === args.length && sent.every((each, i) => Object.is(each, args[i]));
  }

  /**
   * The value; throws the error if it failed.
   *
   * @param reader the pass that asks
   */
  read(reader: object): unknown {
    const value = this.#shared === undefined ? this.outcome?.value : this.#shared.read(reader);
    if (this.state === 'failed') throw value;
    return value;
  }

  resolve(outcome: Outcome, handedOver: number): void {
    const { status, value } = outcome;
    this.outcome = outcome;
    if (!isPrimitive(value))
      this.#shared = new SharedValue(
        this.key,
        value,
        RepeatableOutcome.is(outcome) ? outcome : undefined,
      );
    this.handedOver = handedOver;
    this.state = status;
  }
}

function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function');
}
