import type { AnyFunction } from './task.js';

/** The task file cannot be loaded, or has no such export. */
export class UnknownTask extends Error {}

/**
 * Loads task files and finds the functions in them, each once.
 *
 * @internal
 */
export class TaskLoader {
  readonly #functions = new Map<string, AnyFunction>();

  /** The function, if it was loaded before. */
  peek(url: string, exportName: string): AnyFunction | undefined {
    return this.#functions.get(`${url}#${exportName}`);
  }

  /** @throws UnknownTask */
  async load(url: string, exportName: string): Promise<AnyFunction> {
    const exports = await importTaskFile(url);
    const task = exports[exportName] ?? (exports['default'] as Exports | undefined)?.[exportName];
    if (typeof task !== 'function') {
      const functions = Object.keys(exports).filter((name) => typeof exports[name] === 'function');
      throw new UnknownTask(
        `The task file ${url} exports no function "${exportName}"; its functions are: ${functions.join(', ') || 'none'}.`,
      );
    }
    this.#functions.set(`${url}#${exportName}`, task as AnyFunction);
    return task as AnyFunction;
  }
}

type Exports = Record<string, unknown>;

async function importTaskFile(url: string): Promise<Exports> {
  try {
    return (await import(url)) as Exports;
  } catch (cause) {
    throw new UnknownTask(
      `The task file ${url} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}. ` +
        `Name the built file (.js), and see that the build emits it.`,
      { cause },
    );
  }
}
