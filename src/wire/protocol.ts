import type { Packed } from './codec.js';

// The widest function type: a task is accepted whatever its own signature.
export type AnyFunction = (...args: any[]) => unknown;

/*
 * What the scheduler and a worker say to each other.
 *
 * Several calls go out as one message, since the message is what costs. The worker runs
 * them in order, and *claims* each one, by an atomic increment of the shared cursor, before it
 * starts it. The scheduler can take back whatever is not claimed by moving the cursor past the
 * end: to hand it to an idle worker, or because the worker is stuck or dead. So every call is run
 * at most once, and its owner is known at all times.
 *
 * Each result is out of the worker before the next call starts: one that is stuck in a call can send
 * nothing, and one that is ended takes along what it has not sent. Small ones are left in the shared
 * memory (result-slots.ts), where the scheduler finds them when the worker is done with the message,
 * is stuck, or dies; the others are posted.
 */

/** Size of the first part of a message's shared memory; the slots of the results follow. */
export const PROGRESS_BYTES = 32;
/** Index in the Int32Array: the number of calls claimed so far. */
export const CURSOR = 0;
/** Index in the Int32Array: the worker's thread id (0: not started yet). */
export const WORKER_ID = 1;
/** Index in the Float64Array: when the current call started, in ms on the monotonic clock. */
export const STARTED_AT = 1;
/** Index in the Int32Array: 1 while the task file of the current call is being loaded. */
export const IS_LOADING = 4;
/** Index in the Int32Array: how many calls were claimed when the last of them was told to end (0: none was). */
export const ABORTED = 5;
/** Index in the Int32Array: 1 if the current call listens for that. */
export const IS_LISTENING = 6;
/** Index in the Int32Array: 1 if the worker ends after the current call. */
export const IS_RETIRING = 7;
/** A cursor past every message's end. */
export const TAKEN_BACK = 0x3fff_ffff;

/** Names a task; the calls of one task in a message share one, which is then sent once. */
export type WireTask = readonly [url: string, exportName: string];

/** One call on its way to a worker. */
export type WireCall = readonly [
  task: WireTask,
  /** Primitive values; undefined: they are packed. */
  bare: readonly unknown[] | undefined,
  packed?: Packed | undefined,
];

/** Scheduler → worker. */
export interface WireMessage {
  /** Which scheduler asks: a worker may serve several. */
  readonly scheduler: number;
  readonly message: number;
  readonly progress: SharedArrayBuffer;
  /** Undefined: the worker is to close what its tasks have opened, and to end. */
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
  /** With its size in bytes. */
  TooLargeResult,
  /** With the reason. */
  UnreadableArguments,
}

/** Worker → scheduler: one call's result. Times in ms, the start on the monotonic clock. */
export type PostedOutcome = readonly [
  message: number,
  index: number,
  status: WireStatus,
  payload: Packed,
  startedAt: number,
  run: number,
];

/**
 * What a thread posts by its `parentPort`, once for each scheduler: the port by which it answers.
 * Tasks cannot reach that port, so that nothing they do to `parentPort` loses a result.
 */
export const HELLO = 'nestjs-futures:hello';

/*
 * What the app and a child process say to each other, through two pipes. It is not Node's own IPC:
 * there, what a task sends (`process.send(null)`, an error that cannot be read) is thrown in the app.
 */

/** Where the child reads orders, and where it writes events. */
export const ORDERS_FD = 3;
export const EVENTS_FD = 4;

/** What a child is given when it is started, as JSON. */
export interface ProcessSettings {
  /** The app's process: without it, the child ends. */
  readonly parent: number;
  readonly limits: object;
}

/** App → child. */
export type ProcessOrder =
  | readonly [type: 'run', call: WireCall, maxResultBytes: number]
  | readonly [type: 'abort']
  /** Close what tasks have opened, and end. */
  | readonly [type: 'retire'];

/** Child → app. */
export type ProcessEvent =
  /** It takes orders. */
  | readonly [type: 'ready']
  /** The call runs, or waits for its task file. */
  | readonly [type: 'started', isLoading: boolean]
  /** It ends after this call. */
  | readonly [type: 'retiring']
  /** Its call has ended; `run` in ms. */
  | readonly [type: 'outcome', status: WireStatus, payload: Packed, run: number]
  /** It takes the next order. */
  | readonly [type: 'free'];
