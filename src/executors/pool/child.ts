import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { Logger } from '@nestjs/common';
import { monotonicNow } from '../../wire/clock.js';
import { FrameReader, toFrame } from '../../wire/frames.js';
import {
  CURSOR,
  type WireMessage,
  EVENTS_FD,
  IS_LOADING,
  IS_RETIRING,
  ORDERS_FD,
  type ProcessEvent,
  type ProcessOrder,
  type ProcessSettings,
  STARTED_AT,
  WORKER_ID,
} from '../../wire/protocol.js';
import { type ProcessOptions, settingsOf } from '../pool-options.js';
import { workerEntry } from './workers.js';

const logger = new Logger('Futures');

/** How much a frame may hold besides a result, in bytes. */
const ENVELOPE_BYTES = 512 * 1024;
/** How long, in ms, the pipes of a process may stay open after its exit. */
const CLOSE_GRACE = 1_000;
/** Gets what a child sends. */
export interface ChildListener {
  readonly onOutcome: (message: unknown) => void;
  /** @param failure why it could not preload its task files */
  readonly onReady: (failure: unknown) => void;
}

interface Given {
  readonly message: WireMessage;
  readonly progress: ProcessProgress;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * One child process.
 *
 * @internal
 */
export class Child {
  /** Resolves when it has exited and its events were read, 1 s after the exit at the latest. */
  readonly ended: Promise<void>;
  isReady = false;
  readonly #process: ChildProcess;
  readonly #listener: ChildListener;
  readonly #reader = new FrameReader(
    () => (this.#given?.message.maxResultBytes ?? 0) + ENVELOPE_BYTES,
    (event) => this.#take(event),
  );
  #given: Given | undefined;
  #isEnding = false;

  constructor(options: ProcessOptions, listener: ChildListener) {
    this.#listener = listener;
    const { name, env, execArgv = flagsOfApp() } = options;
    const settings: ProcessSettings = { ...settingsOf(options), parent: process.pid, name };
    const args = [...execArgv, workerEntry('#task-process'), JSON.stringify(settings)];
    this.#process = spawn(process.execPath, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe'],
      windowsHide: true,
      ...(env === undefined ? {} : { env }),
    });
    this.#process.unref();
    this.#listenToEvents();
    this.ended = this.#watchEnd();
  }

  /** 0 if it could not be started. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get isBusy(): boolean {
    return this.#given !== undefined || this.#isEnding;
  }

  holds(message: WireMessage): boolean {
    return this.#given?.message === message;
  }

  /** Resolves when the process is free for the next message; rejects if it exits before that. */
  give(message: WireMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#given = { message, progress: new ProcessProgress(message), resolve, reject };
      const call = message.calls?.[0];
      this.order(call === undefined ? ['retire'] : ['run', call, message.maxResultBytes]);
    });
  }

  order(order: ProcessOrder): void {
    (this.#process.stdio[ORDERS_FD] as Writable | undefined)?.write(toFrame(order));
  }

  kill(): void {
    this.#isEnding = true;
    this.#process.kill('SIGKILL');
  }

  #listenToEvents(): void {
    const output = this.#process.stdio[EVENTS_FD] as Readable | undefined;
    const input = this.#process.stdio[ORDERS_FD] as Writable | undefined;
    for (const stream of [output, input]) {
      // A pipe fails when the process has exited, which #watchEnd() notices.
      stream?.on('error', () => {});
      (stream as { unref?: () => void } | undefined)?.unref?.();
    }
    output?.on('data', (piece: Buffer) => this.#read(piece));
  }

  #read(piece: Buffer): void {
    if (this.#isEnding && this.#given === undefined) return;
    try {
      this.#reader.add(piece);
    } catch (error) {
      this.#breach(error);
    }
  }

  /** @throws Error if it is not an event of the protocol */
  #take(event: unknown): void {
    if (!Array.isArray(event)) throw new Error('no event');
    const [type, failure] = event as unknown as ProcessEvent;
    if (type === 'ready') {
      this.isReady = true;
      this.#listener.onReady(failure);
      return;
    }
    const given = this.#given;
    if (given === undefined) throw new Error('an event without a call');
    if (type === 'free') {
      this.#given = undefined;
      given.resolve();
      return;
    }
    const outcome = given.progress.take(event as unknown as ProcessEvent, this.pid);
    if (outcome !== undefined) this.#listener.onOutcome(outcome);
  }

  /** Nothing that the process sends after this can be understood. */
  #breach(error: unknown): void {
    if (this.#isEnding) return;
    const reason = error instanceof Error ? error.message : 'it cannot be read';
    logger.warn(`Process ${this.pid} broke the protocol and is replaced: ${reason}.`);
    this.kill();
  }

  async #watchEnd(): Promise<void> {
    const reason = await new Promise<string>((resolve) => {
      this.#process.once('error', (error) => resolve(error.message));
      this.#process.once('exit', (code, signal) => {
        this.#isEnding = true;
        const how = signal === null ? `with code ${code}` : `by ${signal}`;
        const end = () => resolve(`the process ended ${how}`);
        this.#process.once('close', end);
        // A process that the child has started may hold its pipes open.
        setTimeout(end, CLOSE_GRACE).unref();
      });
    });
    this.#isEnding = true;
    const given = this.#given;
    this.#given = undefined;
    given?.progress.died();
    given?.reject(new Error(reason));
  }
}

/** The flags this process was started with, without code that was given on the command line. */
function flagsOfApp(): string[] {
  const { execArgv, _eval: code } = process as NodeJS.Process & { readonly _eval?: string };
  const index = code === undefined ? -1 : execArgv.lastIndexOf(code);
  return index < 1 ? execArgv : execArgv.toSpliced(index - 1, 2);
}

/**
 * Keeps the shared memory of a message up to date for a process, which cannot share it.
 *
 * @internal
 */
class ProcessProgress {
  readonly #message: WireMessage;
  readonly #state: Int32Array;
  readonly #clock: Float64Array;
  #hasStarted = false;
  #hasEnded = false;

  constructor(message: WireMessage) {
    this.#message = message;
    this.#state = new Int32Array(message.progress);
    this.#clock = new Float64Array(message.progress);
    if (message.calls === undefined) return;
    // A message to a process can't be taken back. Until its call starts, the time isn't the call's.
    this.#clock[STARTED_AT] = monotonicNow();
    this.#state[IS_LOADING] = 1;
    this.#state[CURSOR] = 1;
  }

  /**
   * Takes an event of the process; returns the outcome if it is one.
   *
   * @throws Error if it is not an event of the protocol
   */
  take(event: ProcessEvent, pid: number): unknown {
    switch (event[0]) {
      case 'started':
        this.#hasStarted = true;
        this.#state[WORKER_ID] = pid;
        this.#clock[STARTED_AT] = monotonicNow();
        this.#state[IS_LOADING] = event[1] ? 1 : 0;
        return undefined;
      case 'retiring':
        this.#state[IS_RETIRING] = 1;
        return undefined;
      case 'outcome': {
        if (!this.#hasStarted || this.#hasEnded) throw new Error('an outcome that is not due');
        this.#hasEnded = true;
        const [, status, payload, run] = event;
        const startedAt = this.#clock[STARTED_AT] as number;
        return [this.#message.message, 0, status, payload, startedAt, run];
      }
      default:
        throw new Error('an unknown event');
    }
  }

  /** A call that never started may run elsewhere. */
  died(): void {
    if (!this.#hasStarted) this.#state[CURSOR] = 0;
  }
}
