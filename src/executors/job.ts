import { Form, isPostedAsIs, type Packed } from '../wire/codec.js';
import type { Call, Outcome } from './executor.js';

/** What the jobs of all batches of one dispatcher share. */
export interface JobKeeper {
  /** What a call is expected to run, in ms; Infinity: unknown. */
  estimate(call: Call): number;
  settled(outcome: Outcome): void;
}

/**
 * Calls that were handed over together.
 *
 * @internal
 */
export class Batch {
  readonly jobs: readonly Job[];
  readonly #outcomes: Outcome[];
  readonly #keeper: JobKeeper;
  readonly #ended: (outcomes: Outcome[]) => void;
  #open: number;

  /**
   * @param queuedAt ms on the monotonic clock
   * @param ended told once, when all are settled
   */
  constructor(
    calls: readonly Call[],
    readonly queuedAt: number,
    keeper: JobKeeper,
    ended: (outcomes: Outcome[]) => void,
  ) {
    this.#outcomes = new Array<Outcome>(calls.length);
    this.#keeper = keeper;
    this.#ended = ended;
    this.#open = calls.length;
    this.jobs = calls.map((call, i) => new Job(call, keeper.estimate(call), this, i));
  }

  settle(index: number, outcome: Outcome): void {
    this.#outcomes[index] = outcome;
    this.#keeper.settled(outcome);
    if (--this.#open === 0) this.#ended(this.#outcomes);
  }
}

/**
 * One call on its way through the dispatcher.
 *
 * @internal
 */
export class Job {
  settled = false;
  /** Whether it waits in the queue now. */
  queued = false;
  /** How often a worker died under it. */
  deaths = 0;
  /** How often one died before it had started it. */
  falseStarts = 0;
  /** Its arguments as they are sent; undefined: they are yet to be written down, or are bare. */
  packed: Packed | undefined = undefined;
  /** Whether its arguments are primitive values, and are sent as they are. */
  isBare = false;
  /** Whether a message that it shared with others was refused: it may be its fault. */
  isSuspect = false;
  readonly #batch: Batch;
  readonly #index: number;

  constructor(
    readonly call: Call,
    /** What it is expected to run, in ms; Infinity: unknown. */
    readonly estimate: number,
    batch: Batch,
    index: number,
  ) {
    this.#batch = batch;
    this.#index = index;
  }

  /** When it was handed over, in ms on the monotonic clock. */
  get queuedAt(): number {
    return this.#batch.queuedAt;
  }

  /** Until when it may wait to be started, in ms on the monotonic clock; Infinity: without limit. */
  get deadline(): number {
    return this.queuedAt + (this.call.queueTimeout ?? Infinity);
  }

  /** Whether it goes into a message of its own, so that one that is refused fails alone. */
  get isAlone(): boolean {
    const { call, packed } = this;
    if (this.isSuspect || (call.transferList?.length ?? 0) > 0) return true;
    return packed !== undefined && isPostedAsIs(packed);
  }

  /** It goes back to the queue: memory that was moved with its message has to be written down again. */
  unpack(): void {
    if (this.packed?.[0] === Form.Bytes) this.packed = undefined;
  }

  /** Settles it; later calls do nothing. */
  settle(outcome: Outcome): void {
    if (this.settled) return;
    this.settled = true;
    this.#batch.settle(this.#index, outcome);
  }
}
