import type { Call, Outcome } from '../executors/executor.js';
import type { AnyFunction } from '../tasks/task.js';

/**
 * A value of a request: submitted, then resolved, with a value or an error.
 *
 * @internal
 */
export class Future {
  state: 'pending' | 'resolved' | 'failed' = 'pending';
  /** The value if resolved; the error if failed. */
  value: unknown;
  worker = '';
  wait = 0;
  run = 0;
  /** The last pass that asked for it. */
  askedIn: number;
  /** Resolves when a declared future is there. */
  declared: Promise<unknown> | undefined;

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

  resolve({ status, value, worker, wait, run }: Outcome): void {
    this.state = status;
    this.value = value;
    this.worker = worker;
    this.wait = wait;
    this.run = run;
  }
}
