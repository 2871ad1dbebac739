import { statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isSource, sourcesOf } from '../source-files.js';
import { compilerOptions } from './tsconfig.js';

/**
 * The file that a TypeScript project means by a specifier that Node doesn't find: the source of a
 * file that isn't built, or a file relative to `baseUrl`.
 */
export function findSource(specifier: string, importer: string): string | undefined {
  const path = pathOf(specifier, importer);
  if (path !== undefined) return findFile(path);
  const { baseUrl } = compilerOptions(dirname(importer));
  return baseUrl === undefined ? undefined : findFile(join(baseUrl, specifier));
}

/** The file that `paths` of the tsconfig.json names for a specifier. */
export function findMapped(specifier: string, importer: string): string | undefined {
  if (pathOf(specifier, importer) !== undefined || specifier.startsWith('node:')) return undefined;
  const { paths } = compilerOptions(dirname(importer));
  if (paths === undefined) return undefined;
  // TypeScript takes the pattern with the longest text before the star.
  const patterns = Object.keys(paths)
    .filter((pattern) => partOf(specifier, pattern) !== undefined)
    .toSorted((one, other) => rankOf(other) - rankOf(one));
  for (const target of paths[patterns[0] ?? ''] ?? []) {
    const part = partOf(specifier, patterns[0] as string) as string;
    const found = findFile(target.replace('*', () => part));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What stands for the star of a pattern; undefined: the pattern doesn't match. */
function partOf(specifier: string, pattern: string): string | undefined {
  const star = pattern.indexOf('*');
  if (star < 0) return specifier === pattern ? '' : undefined;
  const tail = pattern.slice(star + 1);
  const isMatch = specifier.startsWith(pattern.slice(0, star)) && specifier.endsWith(tail);
  return isMatch && specifier.length >= star + tail.length
    ? specifier.slice(star, specifier.length - tail.length)
    : undefined;
}

function rankOf(pattern: string): number {
  return pattern.includes('*') ? pattern.indexOf('*') : Infinity;
}

function pathOf(specifier: string, importer: string): string | undefined {
  if (specifier.startsWith('file:')) return fileURLToPath(specifier);
  if (isAbsolute(specifier)) return specifier;
  return /^\.\.?(?:\/|$)/.test(specifier) ? resolve(dirname(importer), specifier) : undefined;
}

const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json'];

function findFile(path: string): string | undefined {
  const beside = EXTENSIONS.map((extension) => path + extension);
  const inside = EXTENSIONS.map((extension) => join(path, `index${extension}`));
  const exact = isSource(path) || /\.(?:[cm]?js|json)$/.test(path) ? [path] : [];
  return [...exact, ...sourcesOf(path), ...beside, ...inside].find(isFile);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Whether Node found no file, or a folder. */
export function isNotFound(error: unknown): boolean {
  return NOT_FOUND.has((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}

const NOT_FOUND: ReadonlySet<string> = new Set([
  'ERR_MODULE_NOT_FOUND',
  'MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
]);
