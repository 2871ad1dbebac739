import { monotonicNow } from '../../wire/clock.js';
import {
  type Call,
  type ExecutorStats,
  type Outcome,
  cancelled,
  notStarted,
  shuttingDown,
} from '../executor.js';
import { type Cancellation } from '../cancellation.js';
import type { ByteLimits } from '../pool-options.js';
import { IdleWorkers } from './idle-workers.js';
import { InFlight } from './in-flight.js';
import type { Job } from './job.js';
import { Message } from './message.js';
import { rescue } from './rescue.js';
import { Scheduler } from './scheduler.js';
import { PULSE, REBALANCE_EVERY, Supervisor } from './supervisor.js';
import { Alarm, DrainWaiters } from './timers.js';
import { lost, readPosted } from './wire.js';
import type { Workers, WorkersListener } from './workers.js';

/**
 * For this long after a message was sent, in ms, calls wait for the end of the event loop's turn. A
 * message costs about 0.02 ms of the event loop: little, beside the requests that share it.
 */
const GATHER_TIME = 4;
/** How long, in ms, a worker may take to close what its tasks opened, before it is ended. */
const RETIRE_GRACE = 5_000;

/**
 * Runs calls on workers: as many messages are in flight as there are workers, and a worker that
 * becomes free gets the next message from the scheduler. Whatever happens to a worker, every job
 * that was sent to it is settled once.
 *
 * @internal
 */
export class Pool implements WorkersListener {
  readonly #workers: Workers;
  readonly #limits: ByteLimits;
  readonly #scheduler: Scheduler;
  readonly #inFlight = new InFlight();
  readonly #supervisor: Supervisor;
  readonly #inspection = new Alarm(() => this.#inspect());
  readonly #idle: IdleWorkers;
  readonly #idleAlarm = new Alarm(() => this.#retireIdle());
  readonly #waiters = new DrainWaiters();
  #nextMessage = 0;
  #retired = 0;
  #sentAt = -Infinity;
  #isSendDue = false;
  #isClosing = false;

  constructor(workers: Workers, maxQueue: number, limits: ByteLimits) {
    this.#workers = workers;
    this.#limits = limits;
    this.#scheduler = new Scheduler(workers, maxQueue, limits);
    this.#supervisor = new Supervisor(workers, this.#inFlight, this.#scheduler);
    this.#idle = new IdleWorkers(workers);
    workers.listen(this);
  }

  run(calls: readonly Call[], cancellation?: Cancellation): Promise<Outcome[]> {
    const refusal = this.#isClosing ? shuttingDown() : this.#scheduler.refusal(calls, this.#free);
    if (refusal !== undefined) return Promise.resolve(calls.map(() => notStarted(refusal)));
    if (cancellation?.isCancelled === true) return Promise.resolve(calls.map(cancelled));
    return new Promise((resolve) => {
      const cancel = () => this.#cancel(jobs);
      const jobs = this.#scheduler.add(calls, cancellation, this.#free, (outcomes) => {
        cancellation?.removeListener(cancel);
        resolve(outcomes);
      });
      if (jobs.every(({ settled }) => settled)) return;
      cancellation?.addListener(cancel);
      this.#inspection.by(monotonicNow() + PULSE);
      for (const { startBy } of jobs) this.#inspection.by(startBy);
      this.#sendSoon();
    });
  }

  stats(): ExecutorStats {
    const { running, runTime } = this.#inFlight;
    const { alive: workers, width: maxWorkers, ended, failedStarts } = this.#workers;
    const replaced = Math.max(0, ended - this.#retired);
    const now = { workers, maxWorkers, replaced, failedStarts, running };
    return { ...now, ...this.#scheduler.stats(runTime) };
  }

  /** Ends the workers when nothing waits or runs, or after `timeout` ms. */
  async close(timeout: number): Promise<void> {
    this.#isClosing = true;
    const isIdle = () => this.#inFlight.size === 0;
    await this.#waiters.wait(timeout, () => isIdle() && this.#scheduler.size === 0);
    const outcome = notStarted(shuttingDown());
    this.#scheduler.dropAll(outcome);
    const idle = this.#workers.alive - this.#inFlight.size;
    for (const message of this.#inFlight.values()) {
      message.takeBack();
      message.collect();
      for (const job of message.jobs) job.settle(outcome);
      if (message.claimed > 0) this.#supervisor.kill(message);
    }
    this.#inFlight.clear();
    if (this.#workers.idleTimeout !== Infinity) {
      for (let i = 0; i < idle; i++) this.#retire();
      await this.#waiters.wait(RETIRE_GRACE + 1_000, isIdle);
    }
    this.#inspection.stop();
    this.#idleAlarm.stop();
    await this.#workers.close();
  }

  /** Takes what a worker has posted. */
  posted(workerId: number, content: unknown): void {
    const posted = readPosted(content);
    const message = posted && this.#inFlight.get(posted[0]);
    // A message that was given up may still be answered.
    if (posted !== undefined && message === undefined) return;
    if (posted === undefined || message?.workerId !== workerId || !message.isDue(posted[1])) {
      this.#supervisor.breach(workerId);
      return;
    }
    message.collect();
    const unread = message.take(posted);
    if (unread !== undefined) this.#requeue([unread]);
    if (message.isRetiring) {
      this.#requeue(message.takeBack());
      this.#supervisor.killLater(message, RETIRE_GRACE);
    }
    if (message.complete) this.#finish(message);
  }

  /** A worker has posted a result that cannot be deserialized. */
  unreadable(workerId: number): void {
    const message = this.#inFlight.ofWorker(workerId);
    message?.failUnread();
    if (message?.complete === true) this.#finish(message);
  }

  /** How many more messages can be sent now. */
  get #free(): number {
    return this.#workers.width - this.#inFlight.size;
  }

  /**
   * Sends at once. Shortly after a message, it waits until the requests that have arrived by now
   * are handled, so that their calls share messages. The first calls don't wait for all handlers.
   */
  #sendSoon(): void {
    if (performance.now() - this.#sentAt >= GATHER_TIME) {
      this.#sendNext();
      return;
    }
    if (this.#isSendDue) return;
    this.#isSendDue = true;
    setImmediate(() => {
      this.#isSendDue = false;
      this.#sendNext();
    });
  }

  /** Sends messages as long as there are jobs and free workers. */
  #sendNext(): void {
    while (this.#scheduler.size > 0 && this.#free > 0) {
      this.#sentAt = performance.now();
      const jobs = this.#scheduler.next();
      if (jobs.length > 0) this.#send(jobs);
    }
  }

  /** @param jobs if empty, the message makes an idle worker close what its tasks opened, and exit */
  #send(jobs: readonly Job[]): Message {
    const message = new Message(this.#nextMessage++, jobs, this.#workers, this.#limits);
    this.#inFlight.set(message.id, message);
    this.#idle.update(this.#inFlight.size);
    // Workers alone don't keep the process alive, so their results could come too late.
    this.#inspection.keepAlive(jobs.length > 0 || this.#inFlight.size > 1);
    const { sentAt } = message;
    this.#inspection.by(sentAt + Math.min(PULSE, message.shortestTimeout));
    if (jobs.length > 1) this.#inspection.by(sentAt + REBALANCE_EVERY);
    this.#workers.send(message.wire, message.transferList).then(
      () => this.#acknowledge(message),
      // What the worker posted before it died is delivered first.
      (error: unknown) => setImmediate(() => this.#broken(message, error)),
    );
    return message;
  }

  #acknowledge(message: Message): void {
    message.acknowledged = true;
    if (!this.#inFlight.has(message.id)) return;
    message.collect();
    // A worker posts its results before it says that it is done.
    if (!message.complete) this.#workers.drain(message.workerId);
    if (!this.#inFlight.has(message.id)) return;
    for (const job of message.open) job.settle(notStarted(lost(job.call)));
    this.#finish(message);
  }

  #broken(message: Message, error: unknown): void {
    if (!this.#inFlight.has(message.id)) return;
    this.#workers.drain(message.workerId);
    if (!this.#inFlight.has(message.id)) return;
    this.#scheduler.putBack(rescue(message, error, this.#workers.canShare));
    this.#finish(message);
  }

  #finish(message: Message): void {
    if (!this.#inFlight.delete(message.id)) return;
    if (this.#inFlight.size === 0) this.#inspection.keepAlive(false);
    this.#idleAlarm.by(this.#idle.update(this.#inFlight.size));
    this.#sendNext();
    this.#waiters.check();
  }

  #requeue(jobs: readonly Job[]): void {
    this.#scheduler.putBack(jobs);
    this.#sendNext();
  }

  #cancel(jobs: readonly Job[]): void {
    const open = jobs.filter((job) => !job.settled);
    // All jobs are settled before the first is taken back: otherwise the next would be sent again.
    for (const job of open) this.#scheduler.drop(job, cancelled(job.call));
    for (const job of open) {
      const message = this.#inFlight.of(job);
      if (message === undefined) continue;
      this.#requeue(message.takeBack());
      if (message.running === job) this.#supervisor.abort(message, job);
    }
  }

  #inspect(): void {
    const next = this.#supervisor.inspect();
    if (this.#inFlight.size > 0 || this.#scheduler.size > 0) this.#inspection.by(next);
    this.#sendNext();
  }

  #retire(): void {
    this.#retired++;
    this.#supervisor.killLater(this.#send([]), RETIRE_GRACE);
  }

  #retireIdle(): void {
    const { count, next } = this.#idle.surplus();
    for (let i = 0; i < count; i++) this.#retire();
    this.#idleAlarm.by(next);
  }
}
