import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import type { EntryParts } from './emitter.js';

/** A place in the code of a package that names a file for its workers. */
interface Place {
  /** What the code of the module contains. */
  readonly marks: RegExp;
  /** The files, relative to the module. */
  readonly files: readonly string[];
  /** The folder of the copies. */
  readonly folder: string;
  /** What Node is to take its `.js` files for. */
  readonly type: 'module' | 'commonjs';
  /** The code with the URLs of the files, which are given as expressions. */
  replace(code: string, urls: readonly string[]): string;
}

const OWN_FUNCTION = /function workerEntryUrl\(name\) \{\s*return [^;]*;/;
const OF_PISCINA = /\(0, node_path_1\.resolve\)\(__dirname, 'worker\.js'\)/;

/**
 * Where this package and piscina name the files that their workers load first. Bundled, they look
 * for them in vain beside the bundle.
 */
const PLACES: readonly Place[] = [
  {
    marks: OWN_FUNCTION,
    files: ['worker/thread-entry.cjs', 'worker/process-worker.js'],
    folder: 'tasks/nestjs-futures',
    type: 'module',
    replace: (code, [thread, process]) =>
      code.replace(
        OWN_FUNCTION,
        () =>
          `function workerEntryUrl(name) { return name === '#task-worker' ? ${thread} : ${process};`,
      ),
  },
  {
    marks: OF_PISCINA,
    files: ['worker.js'],
    folder: 'tasks/piscina',
    type: 'commonjs',
    replace: (code, [worker]) => code.replace(OF_PISCINA, () => `new URL(${worker})`),
  },
];

/** What is searched for them. */
export const WORKER_ENTRY_MARKS = /\bfunction workerEntryUrl\b|__dirname, 'worker\.js'/;

/**
 * The code of a module of this package or of piscina, with its worker files pointing to what the
 * bundler emits. Undefined if it names none.
 *
 * @param emit has the bundler emit the file
 */
export function rewriteWorkerEntries(
  code: string,
  id: string,
  emit: (parts: EntryParts) => string,
): string | undefined {
  const place = PLACES.find(({ marks }) => marks.test(code));
  if (place === undefined) return undefined;
  const urls = place.files.map((file) => {
    const copies = new Map([
      [`${place.folder}/package.json`, JSON.stringify({ type: place.type })],
    ]);
    const path = join(dirname(id), file);
    const output = `${place.folder}/${posix.basename(file)}`;
    copy(path, output, copies);
    const isCommonJs = file.endsWith('.cjs') || place.type === 'commonjs';
    return emit({ file: path, format: isCommonJs ? 'cjs' : 'esm', output, copies });
  });
  return place.replace(code, urls);
}

const RELATIVE_IMPORT = /(?:\bfrom |\bimport\(|\brequire\()\s*["'](\.{1,2}\/[^"']+)["']/g;

function copy(path: string, output: string, copies: Map<string, string>): void {
  if (copies.has(output)) return;
  const code = readFileSync(path, 'utf8').replace(/\n\/\/# sourceMappingURL=.*/, '');
  copies.set(output, code);
  for (const [, specifier = ''] of code.matchAll(RELATIVE_IMPORT)) {
    const file = /\.[cm]?js$/.test(specifier) ? specifier : `${specifier}.js`;
    copy(join(dirname(path), file), posix.join(posix.dirname(output), file), copies);
  }
}
