import { currentTask } from '../current-task.js';

/**
 * The signal of the task that runs now, in a worker: aborted when its client has gone, or it is out
 * of time. A task that ends soon after keeps its worker; one that does not is ended with it after
 * 1 000 ms, or at once if it is out of time and has never asked for its signal.
 *
 * `aborted` may be looked at in the middle of a computation; the `abort` event, and whatever takes a
 * signal, need the task to await something. Ask before the first await of the task. Outside a
 * worker the signal is never aborted.
 *
 * @example
 * ```ts
 * export async function download(url: string): Promise<string> {
 *   return (await fetch(url, { signal: taskSignal() })).text();
 * }
 * ```
 *
 * @publicApi
 */
export function taskSignal(): AbortSignal {
  return currentTask.signal;
}
