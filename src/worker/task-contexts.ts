import { onePerThread } from '../wire/one-per-thread.js';
import { messageOf } from '../wire/uncloneable.js';

/** Something in a worker that must be closed before the worker exits. */
export interface Closeable {
  close(): Promise<void>;
}

/** Something that a worker can open before a task asks for it. */
export interface Openable {
  open(): Promise<unknown>;
}

/**
 * The application contexts that tasks have created in this worker.
 *
 * @internal
 */
class TaskContexts {
  readonly #open = new Set<Closeable>();
  /** Whether this is a worker. In the app itself, a task may run inline. */
  inWorker = false;
  /** The contexts that task files declare while they are preloaded; undefined: none are loaded. */
  declared: Openable[] | undefined;

  add(context: Closeable): void {
    this.#open.add(context);
  }

  delete(context: Closeable): void {
    this.#open.delete(context);
  }

  /** Never rejects: a context that cannot be closed doesn't keep the others open. */
  async close(): Promise<void> {
    const results = await Promise.allSettled([...this.#open].map((context) => context.close()));
    for (const result of results) {
      if (result.status === 'rejected') await report(result.reason);
    }
  }
}

/** Resolves when the text is written, since the worker exits next. */
function report(error: unknown): Promise<void> {
  const reason = reasonOf(error);
  return new Promise((resolve) => {
    process.stderr.write(`A task context could not be closed: ${reason}\n`, () => resolve());
  });
}

/** Describes whatever a provider has thrown. */
function reasonOf(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } catch {
    return messageOf(error);
  }
}

/** @internal */
export const taskContexts = onePerThread('task-contexts', () => new TaskContexts());
