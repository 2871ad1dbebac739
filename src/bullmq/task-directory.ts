import { type TaskFileSource, describe, taskFileSource } from '../executors/kit.js';
import { FuturesOptionsError, type TaskReference, UnknownTaskError } from '../index.js';

/**
 * The task files that a worker runs, by name. Anyone who can write to Redis can ask for tasks in
 * these files only.
 *
 * @internal
 */
export class TaskDirectory {
  readonly #byName = new Map<string, TaskFileSource>();

  /** @throws FuturesOptionsError if a file isn't made by `taskFile()`, or two have the same name */
  constructor(files: unknown) {
    if (!Array.isArray(files) || files.length === 0) {
      throw new FuturesOptionsError(
        `The option "tasks" must be a list of what taskFile() returns, but is ${describe(files)}.`,
      );
    }
    for (const [i, file] of files.entries()) this.#add(file, i);
  }

  /** @throws UnknownTaskError naming the files that exist */
  find(taskId: string, isIdempotent: boolean): TaskReference {
    const dot = taskId.lastIndexOf('.');
    const file = this.#byName.get(taskId.slice(0, dot));
    if (file === undefined) {
      throw new UnknownTaskError(
        `The worker that took the task ${taskId} has no task file "${taskId.slice(0, Math.max(0, dot))}"; it has: ${[...this.#byName.keys()].join(', ')}. ` +
          `Add it to "tasks" of FuturesWorkerModule.`,
        { task: taskId },
      );
    }
    return {
      id: taskId,
      url: file.url,
      exportName: taskId.slice(dot + 1),
      run: undefined,
      idempotent: isIdempotent,
    };
  }

  #add(file: unknown, i: number): void {
    const source = typeof file === 'object' && file !== null ? taskFileSource(file) : undefined;
    if (source === undefined) {
      throw new FuturesOptionsError(
        `The option "tasks[${i}]" must be what taskFile() returns, but is ${describe(file)}.`,
      );
    }
    if (this.#byName.has(source.name)) {
      throw new FuturesOptionsError(
        `The option "tasks" has two task files of the name "${source.name}". Name one of them: taskFile(url, { name }).`,
      );
    }
    this.#byName.set(source.name, source);
  }
}
