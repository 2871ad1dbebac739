import { randomUUID } from 'node:crypto';
import {
  CallStats,
  type CancellationSource,
  SHUTTING_DOWN,
  cancellationOf,
  cancelled,
  notStarted,
  queueTimeoutOf,
} from '../executors/kit.js';
import {
  type Call,
  type Executor,
  ExecutorSaturatedError,
  type ExecutorStats,
  type Outcome,
} from '../index.js';
import {
  resolveBullmqOptions,
  type BullmqExecutorOptions,
  type ResolvedBullmqOptions,
} from './bullmq.options.js';
import { toJobCall } from './job-data.js';
import { JobSender } from './job-sender.js';
import { OpenJobs, type OpenCall, type OpenJob } from './open-jobs.js';
import { TraceContext, type TraceCarrier } from './trace-context.js';

/**
 * Creates an executor whose calls run on other machines: workers, which are apps with
 * {@link FuturesWorkerModule}, take them from a BullMQ queue. It connects to Redis on first use.
 *
 * @throws FuturesOptionsError naming the option, its value and what is allowed
 *
 * @example
 * ```ts
 * FuturesModule.forRoot({
 *   executors: { queue: bullmqExecutor({ connection: { host: 'redis' }, queue: 'futures' }) },
 * });
 * futures.using({ executor: 'queue' }).submit('report', tasks.renderReport, rows);
 * ```
 *
 * @publicApi
 */
export function bullmqExecutor(options: BullmqExecutorOptions): Executor {
  return new BullmqExecutor(resolveBullmqOptions(options));
}

/** @internal */
export class BullmqExecutor implements Executor {
  readonly #options: ResolvedBullmqOptions;
  readonly #jobs: OpenJobs;
  readonly #stats = new CallStats();
  readonly #sender: JobSender;
  #trace: TraceContext | undefined;
  #isClosing = false;

  constructor(options: ResolvedBullmqOptions) {
    const name = randomUUID();
    this.#options = options;
    this.#jobs = new OpenJobs(name);
    this.#sender = new JobSender(options, name, this.#jobs);
  }

  async run(calls: readonly Call[], source: CancellationSource = {}): Promise<Outcome[]> {
    if (calls.length === 0) return [];
    if (this.#isClosing) {
      const error = new ExecutorSaturatedError(SHUTTING_DOWN, 1);
      return calls.map(() => notStarted(error));
    }
    const trace = (this.#trace ??= await TraceContext.load()).inject();
    const cancellation = cancellationOf(source);
    if (cancellation?.isCancelled === true) return calls.map(cancelled);
    return new Promise((resolve) => {
      const outcomes = new Array<Outcome>(calls.length);
      let left = calls.length;
      let open: OpenCall[] = [];
      const cancel = () => this.#cancel(open);
      const settle = (i: number, outcome: Outcome) => {
        outcomes[i] = outcome;
        this.#stats.record((calls[i] as Call).task.id, outcome, performance.now());
        if (--left > 0) return;
        cancellation?.removeListener(cancel);
        resolve(outcomes);
      };
      // Calls that can't be sent, possibly all of them, are settled right here.
      open = this.#open(calls, trace, settle);
      if (left > 0) cancellation?.addListener(cancel);
      this.#sender.send(open);
    });
  }

  stats(): ExecutorStats {
    const { open, running } = this.#jobs;
    // Only the workers know how busy they are, since they also work for other processes.
    const { utilization: _, ...ended } = this.#stats.summary(0, 0);
    return { workers: this.#sender.workers, queued: open - running, running, ...ended };
  }

  remoteWorkers(): Promise<number> {
    return this.#sender.countWorkers();
  }

  async close({ timeout }: { readonly timeout: number }): Promise<void> {
    this.#isClosing = true;
    await this.#jobs.drained(timeout);
    const left = this.#jobs.values();
    const outcome = notStarted(new ExecutorSaturatedError(SHUTTING_DOWN, 1));
    for (const job of left) this.#jobs.giveUp(job, () => outcome);
    await this.#sender.withdraw(left);
    await this.#sender.close(outcome);
  }

  /** A call that can't be sent is settled immediately. */
  #open(
    calls: readonly Call[],
    trace: TraceCarrier | undefined,
    settle: (i: number, outcome: Outcome) => void,
  ): OpenCall[] {
    return calls.flatMap((each, i) => {
      const call =
        each.deadline === undefined ? each : { ...each, queueTimeout: queueTimeoutOf(each) };
      try {
        const wire = toJobCall(call, this.#options.maxSize, trace);
        return [this.#jobs.add(call, wire, (outcome) => settle(i, outcome))];
      } catch (error) {
        settle(i, notStarted(error));
        return [];
      }
    });
  }

  /** A job with calls of other requests keeps running: calls that share a job are short. */
  #cancel(calls: readonly OpenCall[]): void {
    const jobs = new Set<OpenJob>();
    for (const { call, job, settle, isSettled } of calls) {
      if (isSettled) continue;
      settle(cancelled(call));
      if (job?.isDropped === true) jobs.add(job);
    }
    void this.#sender.withdraw([...jobs]);
  }
}
