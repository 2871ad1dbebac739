import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FuturesOptionsError } from './errors/index.js';
import { onePerThread } from './wire/one-per-thread.js';

/** The copies of this package that are loaded, by the file that holds the module. */
const copies = onePerThread('copies', () => new Set<string>());

copies.add(ownFile());

/** Without the query that a development server adds when it loads a file again. */
function ownFile(): string {
  const url = import.meta.url as string | undefined;
  // Some bundlers leave nothing there.
  if (!url?.startsWith('file:')) return String(url);
  return fileURLToPath(url.replace(/[?#].*/, ''));
}

/**
 * Classes of one copy are unknown to another: Nest injects none of them, and decorators find no
 * module. The package's builds for `import` and for `require()` are two copies, too.
 *
 * @throws FuturesOptionsError if two copies are loaded
 * @internal
 */
export function checkOneCopy(): void {
  if (copies.size < 2) return;
  const [first = '', second = ''] = copies;
  throw new FuturesOptionsError(
    `This app has loaded two copies of nestjs-futures: ${first} and ${second}. ` +
      `Classes of one are unknown to the other, so injection and decorators fail. ` +
      (dirname(first) === dirname(second)
        ? `They are its builds for import and for require(): load it in one way everywhere, that is, compile the whole app, ` +
          `its libraries included, either to ES modules or to CommonJS.`
        : `Make the app load one: "npm ls nestjs-futures" shows who depends on which, and "npm dedupe" unites them if their versions allow it.`),
  );
}
