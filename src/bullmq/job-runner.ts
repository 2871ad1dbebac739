import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import type { Job } from 'bullmq';
import { BrokenExecutorError, FutureTimeoutError } from '../errors/index.js';
import { notStarted, type Call, type Executor, type Outcome } from '../executors/executor.js';
import type { ConnectionWatch } from './connection-watch.js';
import type { Inbox } from './inbox.js';
import type { JobCall, JobData } from './job-data.js';
import { JobReply } from './job-reply.js';
import { toMessage } from './outcome-message.js';
import { unpack } from './payload.js';
import type { RedisCommands } from './redis-commands.js';
import type { TaskDirectory } from './task-directory.js';
import type { TraceContext } from './trace-context.js';

/** How often a call is run at most: workers may die under it. */
const MAX_RUNS = 3;

/** What a worker runs jobs with. */
export interface JobRunnerTools {
  readonly tasks: TaskDirectory;
  readonly maxSize: number;
  readonly threads: Executor;
  readonly trace: TraceContext;
  readonly redis: RedisCommands;
  readonly watch: ConnectionWatch;
  /** Whose clock tells how long a job has waited. */
  readonly inbox: Inbox;
}

/**
 * Runs the calls of jobs, and sends the outcomes to those who wait for them.
 *
 * @internal
 */
export class JobRunner {
  readonly #tools: JobRunnerTools;
  readonly #where = `${hostname()}/${process.pid}`;
  readonly #running = new Map<string, AbortController>();
  #isGivenUp = false;

  constructor(tools: JobRunnerTools) {
    this.#tools = tools;
  }

  /** Ends a job that nobody waits for any more. */
  abort(jobId: string): void {
    this.#running.get(jobId)?.abort();
  }

  /** From now on no job is answered: what runs is left to the rules for workers that died. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  async run(job: Job<JobData>): Promise<void> {
    const { redis, watch, inbox: clock, maxSize } = this.#tools;
    const { inbox, calls, queuedAt } = job.data;
    const id = job.id ?? '';
    const controller = new AbortController();
    const { signal } = controller;
    // Each call listens to it; Node warns of more than ten.
    setMaxListeners(0, signal);
    this.#running.set(id, controller);
    const reply = new JobReply(calls.length, (outcomes) => {
      if (this.#isGivenUp || signal.aborted) return;
      // Not waited for: on the same connection, the end of the job comes behind it.
      redis
        .post(inbox, [JSON.stringify([id, outcomes])])
        .catch((error: Error) => watch.warn(error));
    });
    const waited = Math.max(0, clock.now() - queuedAt);
    const running = calls.map(async (wire, i) => {
      const outcome = await this.#runCall(wire, job, waited, signal);
      reply.add(toMessage(i, outcome, wire[0], maxSize));
    });
    await Promise.all(running);
    this.#running.delete(id);
  }

  async #runCall(
    wire: JobCall,
    job: Job<JobData>,
    waited: number,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { threads, trace } = this.#tools;
    const [task, , , , carrier] = wire;
    let call: Call;
    try {
      call = this.#toCall(wire, job, waited);
    } catch (error) {
      return notStarted(error);
    }
    const outcomes = await trace.continue(carrier, () => threads.run([call], { signal }));
    const outcome = limited(outcomes[0] as Outcome, job.data.queueTimeout, task);
    return { ...outcome, worker: `${this.#where} ${outcome.worker}`.trim() };
  }

  /** @throws what the call fails with, if it cannot be run */
  #toCall(
    [taskId, timeout, isIdempotent, packedArgs]: JobCall,
    { data: { queueTimeout }, stalledCounter }: Job<JobData>,
    waited: number,
  ): Call {
    const task = this.#tools.tasks.find(taskId, isIdempotent);
    checkRuns(taskId, isIdempotent, stalledCounter);
    if (queueTimeout !== undefined && waited >= queueTimeout) {
      throw new FutureTimeoutError('queue', queueTimeout, { task: taskId });
    }
    return {
      task,
      args: unpackArgs(taskId, packedArgs),
      key: undefined,
      timeout,
      queueTimeout: queueTimeout === undefined ? undefined : queueTimeout - waited,
      transferList: undefined,
    };
  }
}

/** @throws BrokenExecutorError if workers have died under the call, and it is not to be run again */
function checkRuns(task: string, isIdempotent: boolean, deaths: number): void {
  if (deaths === 0 || (isIdempotent && deaths < MAX_RUNS)) return;
  throw new BrokenExecutorError(
    isIdempotent
      ? `${deaths} workers have died under the task ${task}, or have lost Redis. See what in the task ends them.`
      : `The worker died under the task ${task}, or has lost Redis. ` +
          `See what in the task ends its worker; if it may be run twice, say so with taskFile(url, { idempotent: true }).`,
    { task },
  );
}

/** @throws BrokenExecutorError if they cannot be read */
function unpackArgs(task: string, packed: string): unknown[] {
  try {
    return unpack(packed) as unknown[];
  } catch (cause) {
    throw new BrokenExecutorError(
      `The worker cannot read the arguments of the task ${task}: ${(cause as Error).message}. ` +
        `Workers must not run an older version of Node than those who send them tasks.`,
      { task, cause },
    );
  }
}

/** The thread pool knows what is left of a time limit; the error names all of it. */
function limited(outcome: Outcome, queueTimeout: number | undefined, task: string): Outcome {
  const { value } = outcome;
  const isLate = value instanceof FutureTimeoutError && value.phase === 'queue';
  if (!isLate || queueTimeout === undefined) return outcome;
  return { ...outcome, value: new FutureTimeoutError('queue', queueTimeout, { task }) };
}
