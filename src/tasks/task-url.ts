import { existsSync, readFileSync, readdirSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { FuturesArgumentError } from '../errors/index.js';
import { describe, textOf, told } from '../errors/text.js';
import { messageOf } from '../wire/uncloneable.js';
import { builtFrom, isModule, sourcesOf } from '../worker/source-files.js';
import { type Bundler, type Caller, WEBPACK_LIKE, bundlerAdvice, bundlerOf } from './bundled.js';

const HOW =
  `Use new URL('./report.tasks.js', import.meta.url), or require.resolve('./report.tasks.js') ` +
  `in CommonJS.`;

/**
 * The `file:` URL of a task file: of the file that is named, or of the TypeScript source beside it,
 * if the file isn't built. What is wrong with it is found here, at startup, and not by the first
 * request.
 *
 * @param given what `taskFile()` got
 * @param caller called if something is wrong: finds the file that called `taskFile()`
 * @throws FuturesArgumentError
 *
 * @internal
 */
export function taskUrl(given: unknown, caller: Caller): string {
  const url = toFileUrl(given);
  if (url === undefined) {
    const shown = typeof given === 'object' && !(given instanceof URL) ? describe(given) : given;
    const fault = `"${textOf(shown)}" is neither a file: URL nor an absolute path.`;
    throw refused(fault, HOW, caller, isModuleId(given) ? WEBPACK_LIKE : undefined);
  }
  const path = toPath(url);
  if (path === undefined) throw refused(`"${url}" is not the path of a file.`, HOW, caller);
  const stats = look(path);
  if (stats === undefined) {
    const other = otherFiles(path).find((each) => look(each)?.isFile() === true);
    if (other !== undefined) return withPath(url, other);
    const guess = path.endsWith('[object Module]') ? WEBPACK_LIKE : undefined;
    throw refused(told`There is no file ${path}.`, adviceForMissing(url, path), caller, guess);
  }
  if (stats.isDirectory()) {
    throw refused(told`${path} is a directory.`, `Name the task file in it, with its extension.`);
  }
  if (!stats.isFile() || !isModule(path)) {
    const advice = `A task file is a .js, .mjs or .cjs, or its source: a .ts, .mts, .cts or .tsx.`;
    throw refused(told`${path} is not a module.`, advice);
  }
  if (isRawCopy(path)) {
    const fault = told`${path} is a copy of a source file, without what it imports.`;
    throw refused(fault, HOW, caller, WEBPACK_LIKE);
  }
  return url;
}

/** Undefined if nothing is there. */
function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A folder of the path is a file.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw refused(told`${path} cannot be read: ${messageOf(error)}.`, HOW);
  }
}

/** The sources of a file that isn't built, or what is built from a source that isn't there. */
function otherFiles(path: string): string[] {
  return [...sourcesOf(path), builtFrom(path)].filter((other) => other !== path);
}

function withPath(href: string, path: string): string {
  const url = new URL(href);
  url.pathname = pathToFileURL(path).pathname;
  return url.href;
}

function toFileUrl(given: unknown): string | undefined {
  // A test runner may have a URL class of its own.
  const { href } = (given ?? {}) as { readonly href?: unknown };
  const text = typeof href === 'string' ? href : given;
  if (typeof text !== 'string') return undefined;
  if (/^file:/i.test(text) && URL.canParse(text)) return new URL(text).href;
  return isAbsolute(text) ? pathToFileURL(text).href : undefined;
}

function toPath(url: string): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    // It names another host, or its path holds an encoded slash.
    return undefined;
  }
}

/** Whether webpack or rspack has replaced `require.resolve()` by the number of a module. */
function isModuleId(given: unknown): boolean {
  return typeof given === 'number' || (typeof given === 'string' && /^\d+$/.test(given));
}

function adviceForMissing(href: string, path: string): string {
  const found = ['.js', '.mjs', '.cjs', '.ts'].find((each) => existsSync(path + each));
  if (found !== undefined) return `Write its extension: "${found}".`;
  const { search, hash } = new URL(href);
  if (search + hash !== '') {
    return told`"${search + hash}" is not part of the path in a URL: write %23 for "#" and %3F for "?" in a name.`;
  }
  const sources = otherFiles(path).map((each) => basename(each));
  const none =
    sources.length === 0 ? '' : told`There is no ${sources.join(' or ')} beside it either. `;
  return (
    none +
    neighbours(path) +
    `See that the build emits it, and that the path is right. ` +
    `A bundler needs the plugin of 'nestjs-futures/bundler' for that.`
  );
}

/** The task files in the folder, to show a wrong spelling. */
function neighbours(path: string): string {
  let names: string[];
  try {
    names = readdirSync(dirname(path));
  } catch {
    return told`There is no folder ${dirname(path)}. `;
  }
  const taskFiles = names.filter((name) => /\.tasks?\.[cm]?[jt]sx?$/.test(name)).slice(0, 5);
  return taskFiles.length === 0 ? '' : told`The task files in that folder are: ${taskFiles}. `;
}

/** The name that webpack and rspack give to an asset: only a hash. */
const HASH_NAME = /[\\/][0-9a-f]{16,}(\.[cm]?[jt]s)$/;
const RELATIVE_IMPORT = /\b(?:from|import|require\()\s*\(?['"]\.{1,2}\//;

/** Whether webpack or rspack took `new URL('./x.tasks.js', import.meta.url)` for an asset. */
function isRawCopy(path: string): boolean {
  const [, extension] = HASH_NAME.exec(path) ?? [];
  if (extension === undefined) return false;
  return extension.endsWith('ts') || RELATIVE_IMPORT.test(readFileSync(path, 'utf8'));
}

/** @param guess the bundler, if the fault shows it and nothing else does */
function refused(fault: string, advice: string, caller?: Caller, guess?: Bundler): Error {
  const bundler = (caller && bundlerOf(caller())) ?? guess;
  const text = bundler === undefined ? advice : bundlerAdvice(bundler);
  return new FuturesArgumentError(`taskFile(): ${fault} ${text}`);
}
