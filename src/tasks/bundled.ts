import { openSync, readSync, closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Finds the file that called `taskFile()`; undefined if it cannot be told. */
export type Caller = () => string | undefined;

/** A bundler, and what it writes into the files that it makes. */
export interface Bundler {
  readonly name: string;
  readonly marks: RegExp;
  /** The plugins of `nestjs-futures/bundler` for it. */
  readonly plugins: readonly string[];
}

/** @internal */
export const WEBPACK_LIKE: Bundler = {
  name: 'webpack or rspack',
  marks: /_{2}webpack_|^webpack/,
  plugins: ['webpack', 'rspack'],
};

/**
 * The first whose marks are found is taken. Minified files have few marks, or none. No expression
 * matches its own text: this file may be in the bundle.
 */
const BUNDLERS: readonly Bundler[] = [
  {
    name: 'rspack',
    marks: /rspack_(?:import|exports?|external)|unused[_]rspack/,
    plugins: ['rspack'],
  },
  { name: 'webpack', marks: /WEBPACK_(?:IMPORTED|EXTERNAL)_MODULE/, plugins: ['webpack'] },
  WEBPACK_LIKE,
  { name: 'rolldown or Vite', marks: /\brolldown\/runtime/, plugins: ['rolldown', 'vite'] },
  {
    name: 'esbuild',
    marks: /^var __(?:create|defProp|getOwnPropNames) = Object\b/m,
    plugins: ['esbuild'],
  },
  {
    name: 'esbuild, rolldown or Vite',
    // The path of a module, before its code.
    marks: /^\/\/ (?:[\w.@-]+\/)+[\w.@-]+\.[cm]?[jt]sx?$/m,
    plugins: ['esbuild', 'rolldown', 'vite'],
  },
];

/** How much of a file is read. */
const READ_BYTES = 4 * 1024 * 1024;

/** The name itself, if the script is no file: webpack can evaluate each module by itself. */
function readScript(script: string): string {
  if (script.startsWith('webpack')) return script;
  const path = script.startsWith('file:') ? fileURLToPath(script) : script;
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(READ_BYTES);
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, READ_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

/**
 * The bundler that made a script; undefined: none, or it left no marks.
 *
 * @internal
 */
export function bundlerOf(script: string | undefined): Bundler | undefined {
  if (script === undefined) return undefined;
  try {
    const text = readScript(script);
    return BUNDLERS.find(({ marks }) => marks.test(text));
  } catch {
    // It is not a file that can be read.
    return undefined;
  }
}

/** The line that a bundled app needs. @internal */
export function bundlerAdvice({ name, plugins }: Bundler): string {
  const lines = plugins.map((plugin) => `plugins: [taskFiles.${plugin}()]`).join(' or ');
  return (
    `The app looks bundled by ${name}, which does not make a file for workers of it by itself. ` +
    `Add ${lines} to the bundler's configuration, with taskFiles from 'nestjs-futures/bundler'; ` +
    `see "Bundlers" in docs/tools.md.`
  );
}

/**
 * The script whose code called `callee`, as V8 names it: a path, a `file:` URL, or else.
 *
 * @internal
 */
export function callerOf(callee: (...args: never[]) => unknown): string | undefined {
  const { stackTraceLimit } = Error;
  const prepareStackTrace: unknown = Reflect.get(Error, 'prepareStackTrace');
  const holder: { stack?: unknown } = {};
  try {
    // Without this, the stack may name the sources that a source map points to.
    Error.prepareStackTrace = (_error, sites) => sites;
    Error.stackTraceLimit = 1;
    Error.captureStackTrace(holder, callee);
    const [site] = holder.stack as NodeJS.CallSite[];
    return site?.getScriptNameOrSourceURL() ?? site?.getFileName() ?? undefined;
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  }
}
