import { Child } from '../child.js';
import type { LoadAnswers } from './autocannon-process.js';
import type { Load, LoadResult, Requests } from './requests.js';
import { loadByWrk, wrkVersion } from './wrk.js';

/** Autocannon must not share an event loop with the server or with the report. */
const autocannon = new Child<LoadAnswers>(new URL('./autocannon-process.js', import.meta.url), []);

/** Loads a server: with wrk if installed, since wrk leaves more of the machine to the server. */
export function load(load: Load): Promise<LoadResult> {
  return wrkVersion === undefined ? autocannon.ask('load', load) : loadByWrk(load);
}

/** Sends a fixed number of requests; resolves to how long one took on average, in ms. */
export function send(requests: Requests & { readonly amount: number }): Promise<number> {
  return autocannon.ask('send', requests);
}

export function stopLoading(): Promise<void> {
  return autocannon.stop();
}
