import type { Packed } from './codec.js';

// The widest function type: a task may have any signature.
export type AnyFunction = (...args: any[]) => unknown;

/*
 * The protocol between the scheduler and a worker.
 *
 * Several calls are sent as one message, since the message is the expensive part. The worker runs
 * them in order. It *claims* each call, by an atomic increment of the shared cursor, before it
 * starts it. The scheduler can take back unclaimed calls by moving the cursor past the end: to give
 * them to an idle worker, or because the worker is stuck or dead. So each call has one owner at all
 * times.
 *
 * A result leaves the worker before the next call starts: a worker that is stuck in a call can't
 * send anything, and a worker that is ended loses what it hasn't sent. Small results are left in
 * the shared memory (result-slots.ts). The scheduler finds them when the worker is done with the
 * message, is stuck, or dies. All other results are posted.
 */

/** Size of the first part of a message's shared memory, in bytes; the result slots follow. */
export const PROGRESS_BYTES = 32;
/** Index in the Int32Array: the number of calls claimed so far. */
export const CURSOR = 0;
/** Index in the Int32Array: the id of the worker's thread or process (0: not started yet). */
export const WORKER_ID = 1;
/** Index in the Float64Array: when the running call started, in ms on the monotonic clock. */
export const STARTED_AT = 1;
/** Index in the Int32Array: 1 while the running call's task file or context is being loaded. */
export const IS_LOADING = 4;
/** Index in the Int32Array: the number of claimed calls when the last was asked to stop, or 0. */
export const ABORTED = 5;
/** Index in the Int32Array: 1 if the running call's task has asked for its signal. */
export const IS_LISTENING = 6;
/** Index in the Int32Array: 1 if the worker exits after the running call. */
export const IS_RETIRING = 7;
/** A cursor past the end of every message. */
export const TAKEN_BACK = 0x3fff_ffff;

/** Names a task; calls of one task in a message share this object, which is then sent once. */
export type WireTask = readonly [url: string, exportName: string];

/** One call on its way to a worker. */
export type WireCall = readonly [
  task: WireTask,
  /** Primitive arguments; undefined: the arguments are packed. */
  bare: readonly unknown[] | undefined,
  packed?: Packed | undefined,
  /** What the option `carry` gave, as JSON. */
  carried?: string | undefined,
];

/** Scheduler → worker. */
export interface WireMessage {
  /** Which scheduler sends it: a worker may serve several. */
  readonly scheduler: number;
  readonly message: number;
  readonly progress: SharedArrayBuffer;
  /** Undefined: the worker must close what its tasks opened, and exit. */
  readonly calls: readonly WireCall[] | undefined;
  /** The most bytes that one result may have. */
  readonly maxResultBytes: number;
}

/** How a call ended. */
export enum WireStatus {
  Resolved,
  Failed,
  UnknownTask,
  UncloneableResult,
  /** The payload is the size in bytes. */
  TooLargeResult,
  /** The payload is the reason. */
  UnreadableArguments,
}

/** Worker → scheduler: the result of one call. Times in ms; the start on the monotonic clock. */
export type PostedOutcome = readonly [
  message: number,
  index: number,
  status: WireStatus,
  payload: Packed,
  startedAt: number,
  run: number,
];

/**
 * What a thread posts through its `parentPort`, once per scheduler: the port on which it answers.
 * Tasks cannot reach that port, so nothing that they do to `parentPort` loses a result.
 */
export const HELLO = 'nestjs-futures:hello';

/*
 * The protocol between the app and a child process, through two pipes. It is not Node's own IPC:
 * there, what a task sends (`process.send(null)`, an unreadable error) is thrown in the app.
 */

/** The pipes that the child reads orders from, and writes events to. */
export const ORDERS_FD = 3;
export const EVENTS_FD = 4;

/** What a worker gets at startup, as JSON: as the last argument of its process or thread. */
export interface WorkerSettings {
  /** When it is replaced; see `WorkerLimits`. */
  readonly limits: object;
  /** URLs of the task files that it loads first. */
  readonly preload: readonly string[];
}

export interface ProcessSettings extends WorkerSettings {
  /** The app's process id; the child exits if that process is gone. */
  readonly parent: number;
  /** The title of the process. */
  readonly name: string | undefined;
}

/** What stands before the settings of a thread, in a pool of this module. */
export const THREAD_SETTINGS = 'nestjs-futures:';

/**
 * Thread → app, through its `parentPort`: it has loaded what it was to preload. It is followed by
 * the reason, packed, if it could not.
 */
export const PRELOADED = 'nestjs-futures:preloaded';

/** App → child. */
export type ProcessOrder =
  | readonly [type: 'run', call: WireCall, maxResultBytes: number]
  | readonly [type: 'abort']
  /** Close what tasks opened, and exit. */
  | readonly [type: 'retire'];

/** Child → app. */
export type ProcessEvent =
  /** The child takes orders; it has loaded what it was to preload, or could not, as the packed reason says. */
  | readonly [type: 'ready', failure?: Packed]
  /** The call runs, or waits for its task file or context. */
  | readonly [type: 'started', isLoading: boolean]
  /** The child exits after this call. */
  | readonly [type: 'retiring']
  /** The call has ended; `run` in ms. */
  | readonly [type: 'outcome', status: WireStatus, payload: Packed, run: number]
  /** The child is free for the next order. */
  | readonly [type: 'free'];
