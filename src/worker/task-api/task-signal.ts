import { currentTask } from '../current-task.js';

/**
 * The signal of the task that runs now, in a worker: aborted when the client disconnects or the
 * task times out. A task that ends soon after keeps its worker. Otherwise the worker is ended after
 * 1 000 ms, or at once if the task timed out and has never asked for its signal.
 *
 * A task can read `aborted` in the middle of a computation. The `abort` event, and functions that
 * take a signal, need the task to await something. Ask for the signal before the first await of the
 * task. Outside a worker, the signal is never aborted.
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
