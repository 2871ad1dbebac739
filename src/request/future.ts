import {
  MAX_JSON,
  type Outcome,
  type PackedCall,
  RepeatableOutcome,
} from '../executors/executor.js';
import { isTaskHandle } from '../tasks/task.js';
import { packJson } from '../wire/codec.js';
import type { AnyFunction } from '../wire/protocol.js';
import { SentArguments, sameArguments } from './fingerprint.js';
import { SharedValue } from './shared-value.js';

const NOT_STARTED: Promise<void> = Promise.resolve();

/** What is reported for a future whose task has not ended. @internal */
export const NOT_RUN = Object.freeze({ worker: '', wait: 0, run: 0 });

/**
 * What the passes of a request did with one key.
 *
 * @internal
 */
export class Mark {
  /** The last pass that asked for the key; 0 if none did. */
  askedIn = 0;
  /** The last pass that got a placeholder, a fallback or a missing-value error; 0 if none did. */
  handedOutIn = 0;
  /** The placeholder or fallback that this pass got, if any. */
  placeholder: unknown;
  /** Whether that pass already had another placeholder, which may be why it asked for this key. */
  isAfterOthers = false;
  /** The last pass that got the value; 0 if none did. */
  readIn = 0;
}

/**
 * The marks of one ledger's keys. A future is its own mark, unless several ledgers share it.
 *
 * @internal
 */
export class Marks {
  /** Marks by key, if ledgers share futures. */
  readonly #own: Map<string, Mark> | undefined;
  /** Marks of keys that have no future yet. */
  #unsubmitted: Map<string, Mark> | undefined;

  constructor(readonly areFuturesShared: boolean) {
    this.#own = areFuturesShared ? new Map() : undefined;
  }

  /** Undefined if futures are shared, and no pass of this ledger used this one. */
  find(future: KeyedMark): Mark | undefined {
    return this.#own === undefined ? future : this.#own.get(future.key);
  }

  of(future: KeyedMark): Mark {
    return this.#own === undefined ? future : markIn(this.#own, future.key);
  }

  /** The mark of a key that has no future yet. */
  ofUnsubmitted(key: string): Mark {
    return markIn(this.#own ?? (this.#unsubmitted ??= new Map<string, Mark>()), key);
  }

  /** The mark that a key got before its first future, which takes the mark over. */
  before(key: string): Mark | undefined {
    return this.#unsubmitted?.get(key);
  }

  delete(key: string): void {
    this.#own?.delete(key);
    this.#unsubmitted?.delete(key);
  }
}

interface KeyedMark extends Mark {
  readonly key: string;
}

function markIn(marks: Map<string, Mark>, key: string): Mark {
  let mark = marks.get(key);
  if (mark === undefined) marks.set(key, (mark = new Mark()));
  return mark;
}

/**
 * A value of a request: submitted, then resolved with a value or an error.
 *
 * @internal
 */
export class Future extends Mark {
  /** `running` means that an executor has the task. */
  state: 'pending' | 'running' | 'resolved' | 'failed' = 'pending';
  /** How its task ended; undefined while it has not. */
  outcome: Outcome | undefined;
  /** ms from the start of the first pass to the hand-over to the executor. */
  handedOver = 0;
  /** The value or error, unless primitive; no pass sees what another one changed in it. */
  #shared: SharedValue | undefined;
  /** Its arguments as sent; undefined if they are not compared, or are all primitive. */
  #sent: SentArguments | undefined;
  /** Resolves when its batch has ended. */
  batch = NOT_STARTED;

  constructor(
    readonly key: string,
    /** What the caller passed as the task: a handle or a function. */
    readonly source: AnyFunction,
    readonly call: PackedCall,
    readonly executor: string,
    /** Whether its arguments are compared when the key is asked for again. */
    readonly isCompared: boolean,
  ) {
    super();
  }

  get isSettled(): boolean {
    return this.state === 'resolved' || this.state === 'failed';
  }

  /** Notes that its task was handed to an executor as part of this batch. */
  start(batch: Promise<void>): void {
    this.state = 'running';
    this.batch = batch;
  }

  /** How often it was asked for with arguments other than those it was computed with. */
  timesStale = 0;
  /** The pass that gave its value by `provide()`; 0 if none did. */
  providedIn = 0;

  get isProvided(): boolean {
    return this.providedIn > 0;
  }

  /** Settles it with a value that is already known. */
  provide(value: unknown, pass: number): void {
    this.providedIn = pass;
    this.resolve({ status: 'resolved', value, worker: '', wait: 0, run: 0 }, 0);
  }

  /** Takes over the mark that its key got before it was submitted. */
  takeOver(earlier: Mark | undefined): void {
    if (earlier === undefined) return;
    const { handedOutIn, placeholder, isAfterOthers } = earlier;
    Object.assign(this, { handedOutIn, placeholder, isAfterOthers });
    if (earlier instanceof Future) this.timesStale = earlier.timesStale;
  }

  #askedWith: readonly unknown[] | undefined;
  #askedWithIn = 0;

  /** Whether this pass has already asked for it with other arguments. */
  isAskedOtherwise(args: readonly unknown[], pass: number): boolean {
    if (this.#askedWith !== undefined && this.#askedWithIn === pass) {
      return !sameArguments(this.source, this.#askedWith, args);
    }
    this.#askedWith = args;
    this.#askedWithIn = pass;
    return false;
  }

  /** Records its arguments at the moment they are sent. */
  seal(): void {
    const { args, transferList } = this.call;
    if (!this.isCompared || args.every(isPrimitive)) return;
    // Short plain data is written down for its executor by the way.
    if (transferList === undefined && isTaskHandle(this.source)) {
      this.call.packed = packJson(args, MAX_JSON);
    }
    if (this.call.packed === undefined) this.#sent ??= new SentArguments(this.source, args);
  }

  /** Whether these arguments equal the ones that were sent. */
  wasSent(args: readonly unknown[]): boolean {
    const { args: sent, packed } = this.call;
    if (packed !== undefined) return packJson(args, MAX_JSON)?.[1] === packed[1];
    if (this.#sent !== undefined) return this.#sent.equal(args);
    return sent.length === args.length && sent.every((each, i) => Object.is(each, args[i]));
  }

  /**
   * Returns the value; throws the error if the task failed.
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
