import type { AnyFunction } from '../wire/protocol.js';
import { messageOf } from '../wire/uncloneable.js';

/** The task file cannot be loaded, or lacks the export. */
export class UnknownTask extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    unknownTasks.add(this);
  }
}

const unknownTasks = new WeakSet<object>();

/** For anything that a task may throw, including a proxy that throws at every trap. */
export function isUnknownTask(value: unknown): value is UnknownTask {
  return unknownTasks.has(value as object);
}

/**
 * Loads task files and finds their functions, each once.
 *
 * @internal
 */
export class TaskLoader {
  readonly #functions = new Map<string, AnyFunction>();
  /** How often a file has failed to load. */
  readonly #failures = new Map<string, number>();

  /** The function, if it is loaded already. */
  peek(url: string, exportName: string): AnyFunction | undefined {
    return this.#functions.get(`${url}#${exportName}`);
  }

  /** @throws UnknownTask */
  async load(url: string, exportName: string): Promise<AnyFunction> {
    const exports = await this.#import(url, exportName);
    const task = exports.get(exportName);
    if (task === undefined) {
      throw new UnknownTask(
        `The task file ${url} exports no function "${exportName}"; its functions are: ${[...exports.keys()].join(', ') || 'none'}.`,
      );
    }
    this.#functions.set(`${url}#${exportName}`, task);
    return task;
  }

  async #import(url: string, exportName: string): Promise<Map<string, AnyFunction>> {
    const failures = this.#failures.get(url) ?? 0;
    try {
      // Node remembers by its URL that a file has failed to load, and never tries it again.
      return await importTaskFile(
        failures === 0 ? url : `${url}?attempt=${failures + 1}`,
        exportName,
      );
    } catch (error) {
      this.#failures.set(url, failures + 1);
      throw error;
    }
  }
}

/** The file's functions, by name. */
async function importTaskFile(url: string, exportName: string): Promise<Map<string, AnyFunction>> {
  const exports = await importModule(url, exportName);
  const { default: fallback } = exports;
  // The exports of a CommonJS file may appear on its default export only.
  const all = { ...(typeof fallback === 'object' ? fallback : {}), ...exports };
  return new Map(
    Object.entries(all).filter(
      (entry): entry is [string, AnyFunction] => typeof entry[1] === 'function',
    ),
  );
}

async function importModule(url: string, exportName: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (cause) {
    throw new UnknownTask(
      `The task file ${url.replace(/\?attempt=\d+$/, '')}, which is to export "${exportName}", cannot be loaded: ${messageOf(cause)}. ` +
        `Name the built file (.js), and see that the build emits it.`,
      { cause },
    );
  }
}
