import { createRequire } from 'node:module';

/** The built file that workers load first: they cannot run this package's sources. @internal */
export function workerEntry(name: '#task-worker' | '#task-process'): string {
  return createRequire(import.meta.url).resolve(name);
}
