import { messageOf } from '../wire/uncloneable.js';

/** Something of a worker that is to be closed before the worker ends. */
export interface Closeable {
  close(): Promise<void>;
}

/**
 * The application contexts that tasks have made in this worker.
 *
 * @internal
 */
class TaskContexts {
  readonly #open = new Set<Closeable>();
  /** Whether this is a worker, and not the app itself, where a task may run inline. */
  inWorker = false;

  add(context: Closeable): void {
    this.#open.add(context);
  }

  delete(context: Closeable): void {
    this.#open.delete(context);
  }

  /** Never rejects: one that cannot be closed keeps none of the others open. */
  async close(): Promise<void> {
    const results = await Promise.allSettled([...this.#open].map((context) => context.close()));
    for (const result of results) {
      if (result.status === 'rejected') await report(result.reason);
    }
  }
}

/** Resolves when it is written: the worker ends next. */
function report(error: unknown): Promise<void> {
  const reason = reasonOf(error);
  return new Promise((resolve) => {
    process.stderr.write(`A task context could not be closed: ${reason}\n`, () => resolve());
  });
}

/** Whatever a provider has thrown. */
function reasonOf(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } catch {
    return messageOf(error);
  }
}

/** @internal */
export const taskContexts = new TaskContexts();
