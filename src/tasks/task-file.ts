import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FuturesArgumentError } from '../errors/index.js';
import { describe } from '../errors/text.js';
import type { AnyFunction } from '../wire/protocol.js';
import { callerOf } from './bundled.js';
import { createTaskHandle } from './task.js';
import { taskUrl } from './task-url.js';

/** Options of {@link taskFile}. */
export interface TaskFileOptions {
  /**
   * The task file's name in task ids, logs and metrics.
   * Default: the base name without `.tasks.js` or extension (`report` for `report.tasks.js`).
   */
  readonly name?: string;
  /**
   * Declares the file's tasks safe to run twice: a call runs again if its worker died running it.
   * Default: `false`.
   */
  readonly idempotent?: boolean;
}

/**
 * The handles of a task file: one per exported function, with that function's type, so arguments
 * and results are checked where the handle is used. Generic functions work, too. Calling a handle
 * throws; pass it to `submit`, `resultOrSubmit`, `@Future` or `WorkerPool.run`.
 *
 * @publicApi
 */
export type TaskFile<Module> = {
  readonly [
    Name in keyof Module as Module[Name] extends AnyFunction ? Exclude<Name, ReservedName> : never
  ]: Module[Name];
};

/**
 * Names that are looked up on any object, and called if they exist: by `await`, `JSON.stringify()`,
 * and Nest, where the handles are a provider. No task can have such a name.
 */
const RESERVED_NAMES = [
  'then',
  'toJSON',
  'onModuleInit',
  'onModuleDestroy',
  'onApplicationBootstrap',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
] as const;

type ReservedName = (typeof RESERVED_NAMES)[number];

const RESERVED: ReadonlySet<string> = new Set(RESERVED_NAMES);

const SOURCE = Symbol.for('nestjs-futures.task-file');

/**
 * What a task file's handles are made from.
 *
 * @internal
 */
export interface TaskFileSource {
  /** The first part of the tasks' ids. */
  readonly name: string;
  /** `file:` URL. */
  readonly url: string;
  readonly idempotent: boolean;
}

/**
 * Undefined if `taskFile()` did not make `file`.
 *
 * @internal
 */
export function taskFileSource(file: object): TaskFileSource | undefined {
  return (file as { readonly [SOURCE]?: TaskFileSource })[SOURCE];
}

/** What the compiler names where a handle is used of a `taskFile()` without its type argument. */
interface TypeArgumentIsMissing {
  readonly fix: "taskFile<typeof import('./report.tasks.js')>(…)";
}

/**
 * Names a module of plain exported functions that workers load. It is not loaded here, but it must
 * exist. Where the built file (`.js`, `.mjs`, `.cjs`) is missing and its TypeScript source stands
 * beside it, workers load the source, with a compiler that the project has installed.
 *
 * @param url the built file, as a `file:` URL (`new URL('./report.tasks.js', import.meta.url)`) or
 *   an absolute path (`require.resolve('./report.tasks')`)
 * @returns a typed handle for each exported function
 * @throws FuturesArgumentError if `url` is neither, if there is no such file (nor its source), if it
 *   cannot be a module, if a bundler has rewritten it, or if an option is of the wrong type
 *
 * @example
 * ```ts
 * const tasks = taskFile<typeof import('./report.tasks.js')>(
 *   new URL('./report.tasks.js', import.meta.url),
 * );
 * futures.submit('report', tasks.renderReport, rows);
 * ```
 *
 * @publicApi
 */
export function taskFile<Module = TypeArgumentIsMissing>(
  url: URL | string,
  options: TaskFileOptions = {},
): TaskFile<Module> {
  const href = taskUrl(url, () => callerOf(taskFile));
  checkOptions(options);
  const { name = defaultName(href), idempotent = false }: Unchecked = options;
  if (typeof name !== 'string' || name === '') {
    throw new FuturesArgumentError(
      `taskFile(): "name" must be a non-empty string, but is ${describe(name)}.`,
    );
  }
  if (typeof idempotent !== 'boolean') {
    throw new FuturesArgumentError(
      `taskFile(): "idempotent" must be a boolean, but is ${describe(idempotent)}.`,
    );
  }
  const source: TaskFileSource = { name, url: href, idempotent };
  const handles = new Map<string, AnyFunction>();
  return new Proxy(Object.create(null) as TaskFile<Module>, {
    get(_target, property) {
      if (property === SOURCE) return source;
      if (typeof property === 'symbol' || RESERVED.has(property)) return undefined;
      let handle = handles.get(property);
      if (handle === undefined) {
        handle = createTaskHandle({
          id: `${name}.${property}`,
          url: href,
          exportName: property,
          idempotent,
        });
        handles.set(property, handle);
      }
      return handle;
    },
  });
}

type Unchecked = { readonly [Name in keyof TaskFileOptions]: unknown };

const OPTIONS: readonly string[] = ['name', 'idempotent'] satisfies (keyof TaskFileOptions)[];

function checkOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new FuturesArgumentError(
      `taskFile(): the options must be an object, but are ${describe(options)}.`,
    );
  }
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown === undefined) return;
  throw new FuturesArgumentError(
    `taskFile(): there is no option "${unknown}". The options are: ${OPTIONS.join(', ')}.`,
  );
}

function defaultName(href: string): string {
  return basename(fileURLToPath(href)).replace(/(\.tasks?)?\.(?:[cm]?[jt]s|tsx)$/, '');
}
