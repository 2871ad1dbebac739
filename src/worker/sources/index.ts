import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { builtFrom } from '../source-files.js';
import { formatOf } from './format.js';
import { installHooks } from './hooks.js';
import { isRequireHooked } from './require-hook.js';

// Node before 22.15 takes these two from here, in the thread where its hooks run.
export { load, resolve } from './hooks.js';

/**
 * Loads a module from its TypeScript source: with the loader that the app was started with, if it
 * works in this thread, and otherwise with a compiler that the project has installed.
 */
export async function loadSource(url: string): Promise<Record<string, unknown>> {
  const path = fileURLToPath(url);
  const isCommonJs = formatOf(path) === 'commonjs';
  if (!(isCommonJs ? isRequireHooked(path) : isImportHooked(url))) installHooks();
  const module: unknown = isCommonJs ? createRequire(path)(path) : await import(url);
  return module as Record<string, unknown>;
}

/** Whether a loader finds the source of a file that isn't built. */
function isImportHooked(url: string): boolean {
  const built = builtFrom(url.replace(/[?#].*$/, ''));
  return import.meta.resolve(built) !== built;
}
