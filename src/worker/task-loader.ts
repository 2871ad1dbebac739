import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { AnyFunction } from '../wire/protocol.js';
import { isSource } from './source-files.js';
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

/** Loads a module by its `file:` URL. */
export type ImportModule = (url: string) => unknown;

/**
 * Loads task files and finds their functions, each once.
 *
 * @internal
 */
export class TaskLoader {
  /** Loads files in place of Node: the module system of a test runner. */
  readonly #load: ImportModule | undefined;
  readonly #functions = new Map<string, AnyFunction>();
  /** How often a file has failed to load. */
  readonly #failures = new Map<string, number>();

  constructor(load?: ImportModule) {
    this.#load = load;
  }

  /** The function, if it is loaded already. */
  peek(url: string, exportName: string): AnyFunction | undefined {
    return this.#functions.get(`${url}#${exportName}`);
  }

  /**
   * Loads a file before it is needed.
   *
   * @throws UnknownTask
   */
  async preload(url: string): Promise<void> {
    const exports = await this.#import(url);
    exports.forEach((task, name) => this.#functions.set(`${url}#${name}`, task));
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
    // A test runner keeps modules itself, and may replace a function in one at any time.
    if (this.#load === undefined) this.#functions.set(`${url}#${exportName}`, task);
    return task;
  }

  async #import(url: string, exportName?: string): Promise<Map<string, AnyFunction>> {
    if (this.#load !== undefined) return functionsOf(url, exportName, this.#load);
    const failures = this.#failures.get(url) ?? 0;
    try {
      // Node remembers by its URL that a file has failed to load, and never tries it again.
      return await functionsOf(
        failures === 0 ? url : `${url}?attempt=${failures + 1}`,
        exportName,
        importByNode,
      );
    } catch (error) {
      this.#failures.set(url, failures + 1);
      throw error;
    }
  }
}

/** The file's functions, by name. */
async function functionsOf(
  url: string,
  exportName: string | undefined,
  load: ImportModule,
): Promise<Map<string, AnyFunction>> {
  const exports = await loadModule(url, exportName, load);
  // The exports of a CommonJS file may appear on its default export only. Vitest's mocks of modules
  // throw if an export is read that they do not have.
  const fallback = 'default' in exports ? exports.default : undefined;
  const all = { ...(typeof fallback === 'object' ? fallback : {}), ...exports };
  return new Map(
    Object.entries(all).filter(
      (entry): entry is [string, AnyFunction] => typeof entry[1] === 'function',
    ),
  );
}

/** How many characters of the reason are kept: it may name two paths, and what to install. */
const REASON = 1_000;

async function loadModule(
  url: string,
  exportName: string | undefined,
  load: ImportModule,
): Promise<Record<string, unknown>> {
  try {
    // A mock may be anything, such as undefined.
    return Object(await importOrRequire(url, load)) as Record<string, unknown>;
  } catch (cause) {
    const hint =
      load === importByNode ? '' : ` The option "inline.import" loads it. ${IN_COMMONJS}`;
    const purpose = exportName === undefined ? '' : `, which is to export "${exportName}",`;
    throw new UnknownTask(
      `The task file ${url.replace(/\?attempt=\d+$/, '')}${purpose} cannot be loaded: ${messageOf(cause, REASON).replace(/\.$/, '')}.` +
        hint,
      { cause },
    );
  }
}

const IN_COMMONJS =
  'If import() is compiled to require(), write import: (url) => require(fileURLToPath(url)).';

async function importByNode(url: string): Promise<unknown> {
  // The comments are for webpack and rspack, which would replace an import() that they can't follow.
  if (!isSource(new URL(url).pathname) || isInJest()) return import(/* webpackIgnore: true */ url);
  const sources = (await import(
    /* webpackIgnore: true */ SOURCES
  )) as typeof import('./sources/index.js');
  return sources.loadSource(url);
}

/** Node finds this in the package, wherever the build puts the code that is here. */
const SOURCES = '#task-sources';

/** In the app under test, not in its workers. There, Jest compiles what is imported. */
function isInJest(): boolean {
  return Symbol.for('jest-native-promise') in globalThis;
}

async function importOrRequire(url: string, load: ImportModule): Promise<unknown> {
  try {
    return await load(url);
  } catch (error) {
    const { code } = (error ?? {}) as NodeJS.ErrnoException;
    if (code !== 'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING_FLAG') throw error;
    // CommonJS tests in Jest have no import(), and their require() takes ES modules and sources.
    return createRequire(url)(fileURLToPath(url)) as unknown;
  }
}
