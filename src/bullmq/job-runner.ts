import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import type { Job } from 'bullmq';
import { notStarted } from '../executors/kit.js';
import {
  BrokenExecutorError,
  type Call,
  type Executor,
  FutureTimeoutError,
  type Outcome,
  TaskArgumentError,
  UnknownTaskError,
} from '../index.js';
import type { ConnectionWatch } from './connection-watch.js';
import { readJob, readOrder } from './edge.js';
import type { Inbox } from './inbox.js';
import type { JobCall, JobData, StoredJob } from './job-data.js';
import { JobReply } from './job-reply.js';
import type { LockRenewal } from './lock-renewal.js';
import { causeOf, messageOf } from './log-text.js';
import { toMessage, toUnknownMessage, type OutcomeMessage } from './outcome-message.js';
import type { Outbox } from './outbox.js';
import { unpack } from './payload.js';
import type { Seal } from './seal.js';
import type { TaskDirectory } from './task-directory.js';
import type { TraceContext } from './trace-context.js';

/** How often a call runs at most: workers may die while they run it. */
const MAX_RUNS = 3;
/** Number of ended jobs to remember: without a secret, and with one. */
const MAX_ENDED = 1_000;
const MAX_ENDED_SIGNED = 100_000;

/** What the runner needs from its worker. */
export interface JobRunnerTools {
  readonly tasks: TaskDirectory;
  readonly maxSize: number;
  readonly seal: Seal;
  readonly threads: Executor;
  readonly trace: TraceContext;
  readonly outbox: Outbox;
  readonly locks: LockRenewal;
  readonly watch: ConnectionWatch;
  /** Its name identifies this worker, and its clock measures how long a job has waited. */
  readonly inbox: Inbox;
}

/** A job that runs here. */
interface Running {
  readonly data: JobData;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/**
 * Runs the calls of jobs, and sends the outcomes to the processes that wait for them.
 *
 * @internal
 */
export class JobRunner {
  readonly #tools: JobRunnerTools;
  readonly #where = `${hostname()}/${process.pid}`;
  readonly #running = new Map<string, Running>();
  /** Tokens of jobs that have ended here, oldest first. */
  readonly #ended = new Set<string>();
  #isGivenUp = false;

  constructor(tools: JobRunnerTools) {
    this.#tools = tools;
  }

  /**
   * Follows an order from the inbox: to stop a job that nobody waits for any more.
   *
   * @throws Malformed
   */
  obey(message: string): void {
    const { jobId, token } = readOrder(message, this.#tools.seal);
    const running = this.#running.get(jobId);
    if (running?.data.token === token) running.controller.abort();
  }

  /** Sends no more replies: running jobs are then handled like those of a dead worker. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  /** Confirms running jobs to the processes that wait for them, since Redis has lost the jobs. */
  confirm(): void {
    for (const [id, { data, controller }] of this.#running) {
      const isWanted = () => this.#running.has(id) && !controller.signal.aborted;
      this.#send(id, data, 'running', isWanted);
    }
  }

  /**
   * Resolves when the job has ended.
   *
   * @param lock token of the job's lock
   */
  async run(job: Job<StoredJob>, lock = ''): Promise<void> {
    const { id = '' } = job;
    const data = this.#read(job);
    // A job that has ended here comes again if Redis wasn't notified in time, or if it is replayed.
    if (data === undefined || this.#ended.has(data.token)) return;
    this.#tools.locks.add(id, lock);
    try {
      await (this.#running.get(id) ?? this.#start(id, data, job.stalledCounter)).ended;
    } finally {
      this.#tools.locks.remove(id);
    }
  }

  #read(job: Job<StoredJob>): JobData | undefined {
    const { seal, maxSize, watch } = this.#tools;
    try {
      return readJob(job.id, job.data, seal, maxSize);
    } catch (error) {
      // A process that waits for this job finds out that the job is gone.
      watch.warnOf(`a job was dropped: ${messageOf(error)}.`, 'malformed job');
      return undefined;
    }
  }

  #start(id: string, data: JobData, deaths: number): Running {
    const controller = new AbortController();
    // Each call adds a listener, and Node warns about more than ten.
    setMaxListeners(0, controller.signal);
    const ended = this.#runAll(id, data, deaths, controller.signal).finally(() => {
      this.#running.delete(id);
      this.#remember(data.token);
    });
    const running = { data, controller, ended };
    this.#running.set(id, running);
    return running;
  }

  #remember(token: string): void {
    this.#ended.add(token);
    const max = this.#tools.seal.isOn ? MAX_ENDED_SIGNED : MAX_ENDED;
    if (this.#ended.size > max) this.#ended.delete(this.#ended.values().next().value as string);
  }

  async #runAll(id: string, data: JobData, deaths: number, signal: AbortSignal): Promise<void> {
    const { inbox, maxSize } = this.#tools;
    const reply = new JobReply(data.calls.length, (outcomes) => {
      if (!signal.aborted) this.#send(id, data, outcomes);
    });
    const waited = inbox.clock.since(data.queuedAt);
    const running = data.calls.map(async (wire, i) => {
      const outcome = await this.#runCall(wire, data, deaths, waited, signal);
      reply.add(
        outcome.value instanceof UnknownTaskError
          ? toUnknownMessage(i, outcome.value, inbox.name)
          : toMessage(i, outcome, wire[0], maxSize),
      );
    });
    await Promise.all(running);
  }

  #send(
    id: string,
    { inbox, token }: JobData,
    body: readonly OutcomeMessage[] | 'running',
    isWanted?: () => boolean,
  ): void {
    if (this.#isGivenUp) return;
    const message = this.#tools.seal.close('reply', JSON.stringify([id, token, body]));
    this.#tools.outbox.send(inbox, message, isWanted);
  }

  /** Never rejects: a call that can't run gets an outcome that says why. */
  async #runCall(
    wire: JobCall,
    { queueTimeout }: JobData,
    deaths: number,
    waited: number,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { threads, trace, tasks } = this.#tools;
    try {
      const call = toCall(wire, tasks, queueTimeout, deaths, waited);
      const outcomes = await trace.continue(wire[4], () => threads.run([call], { signal }));
      const outcome = limited(outcomes[0] as Outcome, queueTimeout, wire[0]);
      return { ...outcome, worker: `${this.#where} ${outcome.worker}`.trim() };
    } catch (error) {
      return notStarted(error);
    }
  }
}

/** @throws the error the call fails with if it can't run */
function toCall(
  [taskId, timeout, isIdempotent, packedArgs, , carried]: JobCall,
  tasks: TaskDirectory,
  queueTimeout: number | undefined,
  deaths: number,
  waited: number,
): Call {
  const task = tasks.find(taskId, isIdempotent);
  checkRuns(taskId, isIdempotent, deaths);
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
    carried,
  };
}

/** @throws BrokenExecutorError if workers have died running the call, and it must not run again */
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

/** @throws TaskArgumentError if they can't be read; the app then looks for the culprit */
function unpackArgs(task: string, packed: string): unknown[] {
  try {
    const args = unpack(packed);
    if (Array.isArray(args)) return args;
    throw new TypeError('they are no list');
  } catch (refusal) {
    throw new TaskArgumentError(
      'args',
      `something that the worker cannot read (${messageOf(refusal)})`,
      { task, cause: causeOf(refusal) },
      'Send plain data that is not nested too deep; workers must not run an older version of Node than those who send them tasks.',
    );
  }
}

/** The thread pool got the rest of the time limit; the error must name the whole limit. */
function limited(outcome: Outcome, queueTimeout: number | undefined, task: string): Outcome {
  const { value } = outcome;
  if (queueTimeout === undefined || !(value instanceof FutureTimeoutError)) return outcome;
  if (value.phase !== 'queue') return outcome;
  return { ...outcome, value: new FutureTimeoutError('queue', queueTimeout, { task }) };
}
