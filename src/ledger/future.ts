import type { Call, Outcome } from '../executors/executor.js';
import type { AnyFunction } from '../tasks/task.js';

const NOT_STARTED: Promise<void> = Promise.resolve();

/**
 * A value of a request: submitted, then resolved, with a value or an error.
 *
 * @internal
 */
export class Future {
  /** Between `pending` and `resolved` or `failed`, its task is with an executor: `running`. */
  state: 'pending' | 'running' | 'resolved' | 'failed' = 'pending';
  /** The value if resolved; the error if failed. */
  value: unknown;
  worker = '';
  /** ms from the start of the request to the hand-over to the executor. */
  handedOver = 0;
  wait = 0;
  run = 0;
  /** The last pass that asked for it. */
  askedIn: number;
  /** Resolves when the batch that it is part of has ended. */
  settled = NOT_STARTED;

  constructor(
    readonly key: string,
    /** What was passed as the task: a handle, or a function. */
    readonly source: AnyFunction,
    readonly call: Call,
    readonly executor: string,
    pass: number,
  ) {
    this.askedIn = pass;
  }

  get isSettled(): boolean {
    return this.state === 'resolved' || this.state === 'failed';
  }

  /** Its task was handed to an executor, as part of this batch. */
  start(batch: Promise<void>): void {
    this.state = 'running';
    this.settled = batch;
  }

  resolve({ status, value, worker, wait, run }: Outcome, handedOver: number): void {
    this.handedOver = handedOver;
    this.state = status;
    this.value = value;
    this.worker = worker;
    this.wait = wait;
    this.run = run;
  }
}
