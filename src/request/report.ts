import { NOT_RUN, type Future } from './future.js';
import type { Ledger } from './ledger.js';
import type { PassRecord } from './pass.js';

/**
 * How one future went.
 *
 * @publicApi
 */
export interface FutureReport {
  readonly key: string;
  /** The task's id, such as `report.renderReport`. */
  readonly task: string;
  /** Name of the executor. */
  readonly executor: string;
  /** Where it ran, such as `thread 3`; empty if it has not run. */
  readonly worker: string;
  readonly status: 'pending' | 'resolved' | 'failed';
  /** ms from the start of the first pass to the hand-over to the executor. */
  readonly start: number;
  /** ms from the hand-over to the executor to the start of its run. */
  readonly wait: number;
  /** ms that its task ran. */
  readonly run: number;
}

/**
 * How a request has gone so far.
 *
 * @publicApi
 */
export interface FuturesReport {
  /** All passes, the current one last. */
  readonly passes: readonly PassRecord[];
  readonly futures: readonly FutureReport[];
}

/** @internal */
export function reportOf({ pass, futures }: Ledger): FuturesReport {
  // A pass that `strict` repeats is not one of the request's own.
  const count = pass.isRehearsal ? pass.number - 1 : pass.number;
  return {
    passes: [...pass.log.ended, pass.log.current].slice(0, count),
    futures: Array.from(futures, reportOfFuture),
  };
}

function reportOfFuture(future: Future): FutureReport {
  const { key, call, executor, state, handedOver } = future;
  const { worker, wait, run } = future.outcome ?? NOT_RUN;
  return {
    key,
    task: call.task.id,
    executor,
    worker,
    status: state === 'running' ? 'pending' : state,
    start: handedOver,
    wait,
    run,
  };
}
