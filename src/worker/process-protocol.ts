import type { Packed } from '../wire/codec.js';
import type { WireCall, WireStatus } from './worker-protocol.js';

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
