import { existsSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { FuturesArgumentError } from '../errors/index.js';
import { describe, textOf } from '../errors/text.js';
import { type Bundler, type Caller, WEBPACK_LIKE, bundlerAdvice, bundlerOf } from './bundled.js';

const HOW =
  `Use new URL('./report.tasks.js', import.meta.url), or require.resolve('./report.tasks.js') ` +
  `in CommonJS.`;

/**
 * The `file:` URL of a task file. What is wrong with it is found here, at startup, and not by the
 * first request.
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
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) {
    throw refused(`${path} is a directory.`, `Name the task file in it, with its extension.`);
  }
  if (stats === undefined && sourceBeside(path) === undefined) {
    const guess = path.endsWith('[object Module]') ? WEBPACK_LIKE : undefined;
    throw refused(`There is no file ${path}.`, adviceForMissing(path), caller, guess);
  }
  if (stats !== undefined && isRawCopy(path)) {
    const fault = `${path} is a copy of a source file, without what it imports.`;
    throw refused(fault, HOW, caller, WEBPACK_LIKE);
  }
  return url;
}

function toFileUrl(given: unknown): string | undefined {
  if (given instanceof URL) return given.protocol === 'file:' ? given.href : undefined;
  if (typeof given !== 'string') return undefined;
  if (given.startsWith('file:') && URL.canParse(given)) return new URL(given).href;
  return isAbsolute(given) ? pathToFileURL(given).href : undefined;
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

/** The TypeScript file that a missing `.js` file is built from, if it is there. */
function sourceBeside(path: string): string | undefined {
  const source = path.replace(/\.([cm]?)js$/, '.$1ts');
  return source !== path && existsSync(source) ? source : undefined;
}

function adviceForMissing(path: string): string {
  const found = ['.js', '.mjs', '.cjs', '.ts'].find((each) => existsSync(path + each));
  if (found !== undefined) return `Write its extension: "${found}".`;
  return (
    `See that the build emits it, and that the path is right. ` +
    `A bundler needs the plugin of 'nestjs-futures/bundler' for that.`
  );
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
