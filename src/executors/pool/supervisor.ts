import { url as debuggerUrl } from 'node:inspector';
import { Logger } from '@nestjs/common';
import type { Message } from './message.js';
import { type Job, outOfTime } from './job.js';
import { RunWatch } from './watches.js';
import type { Workers } from './workers.js';

const logger = new Logger('Futures');

/** How long, in ms, a call may run after it was asked to stop, before its worker is ended. */
const ABORT_GRACE = 1_000;
/** How many seconds a worker may leave its message untouched before it is ended. */
const MAX_IDLE_PULSES = 5;

export interface SupervisorHooks {
  /** Takes the results that are in the message's memory. */
  collect(message: Message): void;
  /** These jobs must run elsewhere. */
  reclaim(jobs: readonly Job[]): void;
}

/**
 * Ends workers that don't work properly: that run a call for longer than it may run, that break the
 * protocol, or that a task has left unable to go on.
 *
 * @internal
 */
export class Supervisor {
  readonly #workers: Workers;
  readonly #messages: ReadonlyMap<number, Message>;
  readonly #hooks: SupervisorHooks;
  readonly #watch: RunWatch;

  constructor(workers: Workers, messages: ReadonlyMap<number, Message>, hooks: SupervisorHooks) {
    this.#workers = workers;
    this.#messages = messages;
    this.#hooks = hooks;
    this.#watch = new RunWatch(messages, {
      expire: (...expired) => this.#expire(...expired),
      pulse: (message) => this.#pulse(message),
    });
  }

  /** A message was sent. */
  begin(message: Message): void {
    this.#watch.begin(message.shortestTimeout);
  }

  /** No message is in flight. */
  rest(): void {
    this.#watch.rest();
  }

  stop(): void {
    this.#watch.stop();
  }

  /** A worker broke the protocol, so nothing that it sends can be trusted any more. */
  breach(workerId: number): void {
    if (!this.#workers.isOurs) return;
    const name = `${this.#workers.kind} ${workerId}`;
    logger.warn(
      `The ${name} sent a message that is not of the protocol, and is replaced. See whether a task changes how its worker sends messages.`,
    );
    this.#workers.kill(workerId);
  }

  /** Stops a job that timed out, if it has not just ended. The jobs behind it run elsewhere. */
  #expire(message: Message, job: Job, limit: number): void {
    this.#hooks.reclaim(message.takeBack());
    if (message.acknowledged || message.running !== job) return;
    if (message.isListening) this.abort(message, job);
    else this.kill(message);
    job.settle(outOfTime(job, limit, message.startedAt, message.worker));
  }

  /**
   * Ends a worker that is free, but doesn't start its message, or doesn't say that it is done:
   * something that a task left behind blocks its event loop.
   */
  #pulse(message: Message): void {
    this.#hooks.collect(message);
    const holder = message.workerId || this.#workers.holderOf(message.wire);
    // A worker that exits has its own time limit.
    const isEnding = message.isRetiring || message.wire.calls === undefined;
    const isIdle = !message.acknowledged && !isEnding && (message.workerId === 0 || message.isDone);
    const counts = isIdle && holder !== undefined && debuggerUrl() === undefined;
    message.idlePulses = counts ? message.idlePulses + 1 : 0;
    if (!counts || message.idlePulses < MAX_IDLE_PULSES || !this.#workers.isOurs) return;
    logger.warn(
      `The ${this.#workers.kind} ${holder} has not turned its event loop for ${MAX_IDLE_PULSES} s, though no task runs in it, and is replaced. ` +
        `See which task leaves something behind that never ends: it should await all it starts.`,
    );
    this.#workers.kill(holder);
  }

  /** Asks a job to stop, and ends its worker unless it stops soon. */
  abort(message: Message, job: Job): void {
    message.abort();
    this.#workers.abort?.(message.wire);
    this.killLater(message, ABORT_GRACE, () => message.acknowledged || message.running !== job);
  }

  /** Ends a worker that doesn't finish by itself within `grace` ms. */
  killLater(message: Message, grace: number, isDone = () => false): void {
    setTimeout(() => {
      if (this.#messages.has(message.id) && !isDone()) this.kill(message);
    }, grace).unref();
  }

  kill(message: Message): void {
    const workerId = message.workerId || this.#workers.holderOf(message.wire);
    if (workerId !== undefined) this.#workers.kill(workerId);
  }
}

/**
 * Ends as many workers as were not needed for a while, no matter which: if at most three of ten
 * were busy, seven are ended.
 *
 * @internal
 */
export class IdleWorkers {
  readonly #workers: Workers;
  readonly #retire: () => void;
  /** At index k: when more than k workers were last busy. */
  readonly #lastNeeded: number[] = [];
  #busy = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param retire makes an idle worker exit */
  constructor(workers: Workers, retire: () => void) {
    this.#workers = workers;
    this.#retire = retire;
  }

  /** Must be called when the number of busy workers changes. */
  update(busy: number): void {
    const now = performance.now();
    const before = this.#busy;
    this.#busy = busy;
    for (let k = Math.min(before, busy); k < Math.max(before, busy); k++) this.#lastNeeded[k] = now;
    if (busy < before) this.#lookIn(this.#workers.idleTimeout);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #lookIn(ms: number): void {
    // No worker is to be ended later, or the app owns them all.
    if (ms === Infinity) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, ms).unref();
  }

  #look(): void {
    const { alive, min, idleTimeout } = this.#workers;
    const now = performance.now();
    let surplus = 0;
    let next = Infinity;
    for (let k = Math.max(min, this.#busy); k < alive; k++) {
      const left = idleTimeout - (now - (this.#lastNeeded[k] ?? now));
      if (left <= 0) surplus++;
      else next = Math.min(next, left);
    }
    for (; surplus > 0; surplus--) this.#retire();
    this.#lookIn(next);
  }
}
