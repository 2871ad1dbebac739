import type { Call, Executor, ExecutorStats, Outcome } from '../../src/index.js';
import { InlineExecutor } from '../../src/executors/inline.executor.js';

/** Runs tasks on the event loop, and keeps the keys of each batch, so that tests can count runs. */
export class RecordingExecutor implements Executor {
  readonly batches: string[][] = [];
  readonly #inner = new InlineExecutor();

  /** The keys of all calls, in the order of their batches. */
  get keys(): string[] {
    return this.batches.flat();
  }

  run(calls: readonly Call[], options: { readonly signal?: AbortSignal }): Promise<Outcome[]> {
    this.batches.push(calls.map(({ key }) => key ?? ''));
    return this.#inner.run(calls, options);
  }

  stats(): ExecutorStats {
    return this.#inner.stats();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/** Module options that have tasks run on it. */
export function recorded(executor: RecordingExecutor) {
  return { executor: 'recording', executors: { recording: executor } };
}
