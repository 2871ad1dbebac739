import { Logger } from '@nestjs/common';
import { ExecutorSaturatedError, FutureTimeoutError, UnknownTaskError } from '../errors/index.js';
import { is, optional, resolve, type Resolved } from '../errors/options.js';
import { told } from '../errors/text.js';
import type { AnyFunction } from '../wire/protocol.js';
import { carriedValues } from '../worker/carried.js';
import { taskContexts } from '../worker/task-contexts.js';
import { TaskLoader, isUnknownTask, type ImportModule } from '../worker/task-loader.js';
import {
  type Call,
  type Executor,
  type ExecutorStats,
  type Outcome,
  SHUTTING_DOWN,
  cancelled,
} from './executor.js';
import { type CancellationSource, cancellationOf } from './cancellation.js';
import { LoadBreaker } from './pool/load-breaker.js';
import { CallStats } from './stats.js';

export const INLINE_OPTIONS = {
  /**
   * How task files are loaded, for tests: `(url) => import(url)`, written in a test file, loads
   * them through the test runner, so that its mocks and its coverage include them. Gets the file's
   * `file:` URL and returns the module or a promise of it. Default: Node loads them.
   */
  import: optional<ImportModule>(is.function),
};

/** @internal */
export type InlineOptions = Resolved<typeof INLINE_OPTIONS>;

interface InlineRun {
  readonly call: Call;
  readonly outcome: Promise<Outcome>;
  /** Settles the call with an error; its task keeps running. */
  readonly giveUp: (error: unknown) => void;
}

/**
 * Runs calls on the event loop, all at once: for I/O, and for closures, which cannot be sent to a
 * worker. A task that times out, or whose client disconnects, keeps running, since nothing can stop
 * it.
 *
 * @internal
 */
export class InlineExecutor implements Executor {
  readonly #loader: TaskLoader;
  readonly #breaker = new LoadBreaker();
  readonly #open = new Set<InlineRun>();
  readonly #stats = new CallStats();
  readonly #blocking = new BlockingWatch();

  constructor(options: InlineOptions = resolve(INLINE_OPTIONS, {})) {
    this.#loader = new TaskLoader(options.import);
  }

  run(calls: readonly Call[], source: CancellationSource = {}): Promise<Outcome[]> {
    const cancellation = cancellationOf(source);
    if (cancellation?.isCancelled === true) return Promise.resolve(calls.map(cancelled));
    const runs = calls.map((call) => this.#run(call));
    const cancel = () => {
      for (const { call, giveUp } of runs) giveUp(cancelled(call).value);
    };
    // One listener for all calls: Node warns about more than ten on a signal.
    cancellation?.addListener(cancel);
    return Promise.all(runs.map(({ outcome }) => outcome)).finally(() =>
      cancellation?.removeListener(cancel),
    );
  }

  #run(call: Call): InlineRun {
    let giveUp!: (error: unknown) => void;
    const givenUp = new Promise<never>((_resolve, reject) => (giveUp = reject));
    const { timeout, key, task } = call;
    const timer = setTimeout(
      () => giveUp(new FutureTimeoutError('run', timeout, { key, task: task.id })),
      timeout,
    );
    const outcome = this.#settle(task.id, () => Promise.race([this.#start(call), givenUp])).finally(
      () => {
        clearTimeout(timer);
        this.#open.delete(run);
      },
    );
    const run = { call, outcome, giveUp };
    this.#open.add(run);
    return run;
  }

  async #settle(task: string, start: () => Promise<unknown>): Promise<Outcome> {
    const started = performance.now();
    let outcome: Pick<Outcome, 'status' | 'value'>;
    try {
      outcome = { status: 'resolved', value: await start() };
    } catch (error) {
      outcome = { status: 'failed', value: error };
    }
    const now = performance.now();
    const run = now - started;
    const ended: Outcome = { ...outcome, worker: 'event loop', wait: 0, run };
    this.#stats.record(task, ended, now);
    return ended;
  }

  async #start(call: Call): Promise<unknown> {
    if (call.carried !== undefined) {
      return carriedValues.with(call.carried, () => this.#apply(call));
    }
    return this.#apply(call);
  }

  async #apply(call: Call): Promise<unknown> {
    const { task, args } = call;
    const { url = '', exportName = '' } = task;
    const run = task.run ?? this.#loader.peek(url, exportName) ?? (await this.#load(call));
    if (task.run === undefined) return Reflect.apply(run, undefined, args) as unknown;
    return this.#blocking.watch(call, () => Reflect.apply(run, undefined, args) as unknown);
  }

  async #load(call: Call): Promise<AnyFunction> {
    const { url = '', exportName = '', id } = call.task;
    const refusal = this.#breaker.refusal(call);
    if (refusal !== undefined) throw refusal;
    try {
      const run = await this.#loader.load(url, exportName);
      this.#breaker.record(call, undefined);
      return run;
    } catch (error) {
      if (!isUnknownTask(error)) throw error;
      const unknown = new UnknownTaskError(error.message, {
        key: call.key,
        task: id,
        cause: error.cause,
      });
      this.#breaker.record(call, unknown);
      throw unknown;
    }
  }

  stats(): ExecutorStats {
    // There are no workers here, so nothing waits, and there is no utilization.
    const { wait: _, utilization: __, ...ended } = this.#stats.summary(0, 0);
    return { workers: 0, queued: 0, running: this.#open.size, ...ended };
  }

  /** Waits up to `timeout` ms, then gives up the calls that still run. */
  async close({ timeout }: { readonly timeout: number } = { timeout: 0 }): Promise<void> {
    const timer = setTimeout(() => {
      for (const { call, giveUp } of this.#open) {
        giveUp(new ExecutorSaturatedError(SHUTTING_DOWN, 1, { key: call.key, task: call.task.id }));
      }
    }, timeout);
    await Promise.all([...this.#open].map(({ outcome }) => outcome));
    clearTimeout(timer);
    await taskContexts.close();
  }
}

const logger = new Logger('Futures');

/** A plain function that runs longer than this, in ms, is reported to block the event loop. */
const BLOCKS = 50;
/** How many functions are remembered; after that many, no more are reported. */
const REMEMBERED = 1000;

/**
 * Warns, outside production, about plain functions that block the event loop. Most likely a task
 * file's function was passed instead of its handle. Each function is reported once.
 *
 * @internal
 */
class BlockingWatch {
  // By source text, since each pass creates a new closure from the same text.
  readonly #warned = new Set<string>();

  watch<Result>(call: Call, run: () => Result): Result {
    if (process.env.NODE_ENV === 'production') return run();
    const start = performance.now();
    try {
      return run();
    } finally {
      const blocked = performance.now() - start;
      if (blocked > BLOCKS) this.#warn(call, blocked);
    }
  }

  #warn({ task, key }: Call, blocked: number): void {
    const source = String(task.run);
    if (this.#warned.has(source) || this.#warned.size >= REMEMBERED) return;
    this.#warned.add(source);
    const asked = key === undefined ? '' : told` (the future "${key}")`;
    logger.warn(
      told`The function ${task.id}` +
        `${asked} blocked the event loop for ${Math.round(blocked)} ms: a plain function runs there, which is right for I/O only. ` +
        `Export it from a task file, and pass its handle (taskFile()) instead of the function itself.`,
    );
  }
}
