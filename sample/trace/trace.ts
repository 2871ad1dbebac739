/** A period in milliseconds, counted from the request's arrival. */
export interface Span {
  kind: 'pass' | 'wait' | 'run';
  from: number;
  length: number;
}

/** One row of the picture: a pass or a task. */
export interface TraceRow {
  what: string;
  /** The key of the future, or how the pass ended. */
  detail: string;
  /** Where it ran: `event loop`, `thread 1`, … */
  where: string;
  failed: boolean;
  spans: Span[];
}

/** What a request did, and how long it took. */
export interface Trace {
  /** Milliseconds from the request's arrival until now. */
  total: number;
  /** Share of that time in which the event loop was busy, from 0 to 1. */
  loopBusy: number;
  /** How often the handler ran. */
  passes: number;
  rows: TraceRow[];
}

export const EVENT_LOOP = 'event loop';
