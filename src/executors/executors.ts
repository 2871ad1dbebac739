import { didYouMean } from '../errors/did-you-mean.js';
import { BrokenExecutorError, FuturesArgumentError, FuturesOptionsError } from '../errors/index.js';
import { isA, told } from '../errors/text.js';
import { messageOf } from '../wire/uncloneable.js';
import { type Call, type Executor, type Outcome, notStarted } from './executor.js';
import { type CancellationSource } from './cancellation.js';
import { PoolExecutor } from './pool.executor.js';
import { InlineExecutor, type InlineOptions } from './inline.executor.js';
import type { ByteLimits, ProcessOptions, ThreadOptions } from './pool-options.js';
import { ProcessExecutor } from './process.executor.js';
import { ThreadExecutor } from './thread.executor.js';

/** The module's options that executors are made from. */
interface ExecutorsOptions extends ByteLimits {
  readonly threads: ThreadOptions;
  readonly processes: ProcessOptions;
  readonly inline: InlineOptions;
  readonly executors: Readonly<Record<string, Executor>>;
}

/** A call and the name of its executor. */
export interface Assignment {
  readonly executor: string;
  readonly call: Call;
}

/**
 * The executors of one app, by name.
 *
 * @internal
 */
export class Executors {
  readonly #byName: ReadonlyMap<string, Executor>;
  #isClosing = false;

  constructor(options: ExecutorsOptions) {
    this.#byName = new Map<string, Executor>([
      ['thread', new ThreadExecutor(options.threads)],
      ['process', new ProcessExecutor(options.processes)],
      ['inline', new InlineExecutor(options.inline)],
      ...Object.entries(options.executors),
    ]);
    for (const each of this.#byName.values()) {
      if (each instanceof PoolExecutor) each.attach(options);
    }
  }

  /** Starts the pools that keep workers from startup on (`min` above 0). */
  async start(): Promise<void> {
    const executors = [...this.#byName.values()].filter(
      (each): each is PoolExecutor => each instanceof PoolExecutor && each.startsEarly,
    );
    await Promise.all(executors.map((each) => each.start()));
  }

  /** @throws FuturesArgumentError if there is no executor of that name */
  get(name: string): Executor {
    const executor = this.#byName.get(name);
    if (executor !== undefined) return executor;
    const names = [...this.#byName.keys()];
    const hint = didYouMean(name, names);
    throw new FuturesArgumentError(
      told`There is no executor "${name}".${hint} The executors are: ${names}. ` +
        `Register yours with the option "executors".`,
    );
  }

  entries(): IterableIterator<[string, Executor]> {
    return this.#byName.entries();
  }

  /** Runs all calls, one batch per executor; resolves to the outcomes in the order of the calls. */
  run(assignments: readonly Assignment[], source: CancellationSource = {}): Promise<Outcome[]> {
    const first = assignments[0]?.executor;
    return first !== undefined && assignments.every(({ executor }) => executor === first)
      ? this.#runBatch(first, assignments, source)
      : this.#runBatches(assignments, source);
  }

  async #runBatches(
    assignments: readonly Assignment[],
    source: CancellationSource,
  ): Promise<Outcome[]> {
    const outcomes = new Array<Outcome>(assignments.length);
    const names = new Set(assignments.map(({ executor }) => executor));
    await Promise.all(
      [...names].map(async (name) => {
        const indexed = [...assignments.entries()].filter(([, { executor }]) => executor === name);
        const results = await this.#runBatch(
          name,
          indexed.map(([, assignment]) => assignment),
          source,
        );
        indexed.forEach(([index], i) => (outcomes[index] = results[i] as Outcome));
      }),
    );
    return outcomes;
  }

  async close(timeout: number): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true;
      for (const each of this.#byName.values()) {
        if (each instanceof PoolExecutor) each.detach();
      }
    }
    const closing = [...this.#byName.values()].map(async (each) => each.close({ timeout }));
    // An executor that fails to close must not keep the app from waiting for the others.
    await Promise.allSettled(closing);
    await Promise.all(closing);
  }

  async #runBatch(
    name: string,
    assignments: readonly Assignment[],
    source: CancellationSource,
  ): Promise<Outcome[]> {
    const calls = assignments.map(({ call }) => call);
    try {
      const outcomes = await this.get(name).run(calls, source);
      if (calls.every((_, i) => isOutcome(outcomes[i]))) return outcomes;
      return calls.map((call, i) => {
        const outcome = outcomes[i];
        return isOutcome(outcome) ? outcome : notStarted(unsettled(name, call));
      });
    } catch (cause) {
      // An executor of this module that cannot start.
      if (isA(cause, FuturesOptionsError)) return calls.map(() => notStarted(cause));
      // An executor must return failures as outcomes; one that throws has broken its contract.
      return calls.map((call) => notStarted(unsettled(name, call, cause)));
    }
  }
}

function isOutcome(value: Outcome | undefined): value is Outcome {
  return value?.status === 'resolved' || value?.status === 'failed';
}

function unsettled(name: string, { key, task }: Call, cause?: unknown): BrokenExecutorError {
  const reason = cause === undefined ? '' : `: ${messageOf(cause)}`;
  return new BrokenExecutorError(
    `The executor "${name}" gave no outcome for the task ${task.id}${reason}. ` +
      `Executor.run() must resolve to one outcome a call, in the order of the calls.`,
    { key, task: task.id, cause },
  );
}
