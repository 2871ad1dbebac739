import { Child } from '../child.js';
import type { LoadAnswers } from './autocannon-process.js';
import { loadByWrk, wrkVersion } from './wrk.js';

/** What is asked of a server. */
export interface Requests {
  readonly url: string;
  readonly connections: number;
  /** The body of each response: another one fails. */
  readonly body: string;
}

/** Requests as fast as they are answered. */
export interface Load extends Requests {
  /** How long they are measured, in s. */
  readonly seconds: number;
  /** How long they are sent before that, in s. */
  readonly runUp: number;
}

export interface LoadResult {
  /** Responses in all, those before the measuring began included. */
  readonly responses: number;
  /** In a second. */
  readonly throughput: number;
}

/** Autocannon must not share the event loop of what it measures, nor of the report. */
const autocannon = new Child<LoadAnswers>(new URL('./autocannon-process.js', import.meta.url), []);

/** Loads a server: with wrk if it is installed, as that leaves more of the machine to the server. */
export function load(load: Load): Promise<LoadResult> {
  return wrkVersion === undefined ? autocannon.ask('load', load) : loadByWrk(load);
}

/** Sends a server so many requests; resolves to how long one took on average, in ms. */
export function send(requests: Requests & { readonly amount: number }): Promise<number> {
  return autocannon.ask('send', requests);
}

export function stopLoading(): Promise<void> {
  return autocannon.stop();
}
