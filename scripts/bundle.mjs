// Bundles what tsc left in build/ into dist/: a file for each entry of package.json, and what they
// share. An app starts sooner so: seventy modules of a few lines took it some 30 ms.
import { copyFile, readFile } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { rollup } from 'rollup';

const { exports, imports } = JSON.parse(await readFile('package.json', 'utf8'));
const paths = [...Object.values(exports).map((each) => each.default), ...Object.values(imports)]
  .filter((path) => path !== undefined)
  .map((path) => path.replace('./dist/', ''));
// A thread's entry is CommonJS, and only import()s this one.
const entries = [...paths.filter((path) => path.endsWith('.js')), 'worker/thread-worker.js'];

/** Folders whose files stay with their entry. */
const OF_ONE_ENTRY = /^(?:bullmq|testing|worker\/task-api)\//;
/** What runs in workers, or is imported by tasks. */
const IN_WORKERS = /^worker\//;

/** The path of a module within the sources. */
function pathOf(id) {
  return relative('build', id).split(sep).join('/');
}

/** Whether it is loaded by what runs in workers: that must not bring Nest with it. */
function isInWorkers(id, getModuleInfo, seen = new Set()) {
  if (seen.has(id)) return false;
  seen.add(id);
  const { isEntry, importers } = getModuleInfo(id);
  if (isEntry && IN_WORKERS.test(pathOf(id))) return true;
  return importers.some((each) => isInWorkers(each, getModuleInfo, seen));
}

/** Whether an app loads it with the module; else it is loaded with the first future. */
function isLoadedAtOnce(id, getModuleInfo, seen = new Set()) {
  if (seen.has(id)) return false;
  seen.add(id);
  const { isEntry, importers } = getModuleInfo(id);
  if (isEntry) return pathOf(id) === 'index.js';
  return importers.some((each) => isLoadedAtOnce(each, getModuleInfo, seen));
}

/** Has rollup follow the maps that tsc wrote, to the sources. */
const maps = {
  name: 'maps',
  async load(id) {
    const code = await readFile(id, 'utf8');
    const map = await readFile(`${id}.map`, 'utf8');
    return { code: code.replace(/\n\/\/# sourceMappingURL=.*/, ''), map: JSON.parse(map) };
  },
};

const bundle = await rollup({
  plugins: [maps],
  input: Object.fromEntries(entries.map((path) => [path.slice(0, -3), join('build', path)])),
  external: (id) => !id.startsWith('.') && !isAbsolute(id),
  // What tsc writes for decorators begins with `this && this.__decorate`.
  moduleContext: () => 'globalThis',
  onwarn: (warning) => {
    throw new Error(warning.message);
  },
});
await bundle.write({
  dir: 'dist',
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
  // The sources are in the package.
  sourcemap: true,
  sourcemapExcludeSources: true,
  // Else each entry imports for itself what the others need, and Node looks it up again.
  hoistTransitiveImports: false,
  manualChunks: (id, { getModuleInfo }) => {
    if (getModuleInfo(id).isEntry || OF_ONE_ENTRY.test(pathOf(id))) return undefined;
    if (isInWorkers(id, getModuleInfo)) return 'worker/shared';
    return isLoadedAtOnce(id, getModuleInfo) ? 'core' : 'pool';
  },
});
for (const path of paths.filter((path) => path.endsWith('.cjs'))) {
  for (const each of [path, `${path}.map`]) await copyFile(join('build', each), join('dist', each));
}
