// Bundles tsc's output in build/ into dist/: one file per entry of package.json, plus shared files.
// Apps start faster this way: seventy small modules took about 30 ms.
// What apps load is built twice, as ES modules and as CommonJS; what workers load, once.
import { existsSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { rollup } from 'rollup';

const { exports, imports } = JSON.parse(await readFile('package.json', 'utf8'));
const subpaths = Object.values(exports).filter((each) => typeof each === 'object');
const inDist = (path) => path.replace('./dist/', '');
const apiEntries = subpaths.map((each) => inDist(each.import.default));
const workerEntries = Object.values(imports).map(inDist);
// A thread's entry is CommonJS and only import()s this module.
const workerModules = ['worker/thread-worker.js'].concat(
  workerEntries.filter((path) => path.endsWith('.js')),
);

/** Folders whose files stay with their entry. */
const OF_ONE_ENTRY =
  /^(?:bullmq|bundler|health|prometheus|testing|worker\/(?:task-api|sources))\/|^testing-internals|^replay\/replay-check/;
/** Modules that run in workers or are imported by tasks. */
const IN_WORKERS = /^worker\//;

/** The path of a module within the sources. */
function pathOf(id) {
  return relative('build', id).split(sep).join('/');
}

/** Whether workers load the module, directly or not: it must not bring Nest with it. */
function isInWorkers(id, getModuleInfo, seen = new Set()) {
  if (seen.has(id)) return false;
  seen.add(id);
  const { isEntry, importers } = getModuleInfo(id);
  if (isEntry && IN_WORKERS.test(pathOf(id))) return true;
  return importers.some((each) => isInWorkers(each, getModuleInfo, seen));
}

/** Whether an app loads it with the module; otherwise, it is loaded with the first future. */
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

/** What CommonJS has instead of what only ES modules can say. */
const commonjs = {
  name: 'commonjs',
  resolveImportMeta(property) {
    if (property === 'url') return `require('node:url').pathToFileURL(__filename).href`;
    throw new Error(`import.meta.${property} has no counterpart in CommonJS.`);
  },
  renderDynamicImport({ targetModuleId }) {
    // A file of this package, or one that is named at run time.
    if (targetModuleId === null || isAbsolute(targetModuleId)) return null;
    // Node ends the process if a thread is ended while it require()s an ES module, so import() comes
    // first; but CommonJS tests have no import() in Jest.
    return { left: 'import(', right: `).catch(() => require('${targetModuleId}'))` };
  },
};

async function bundle(entries, output) {
  const { plugins = [], extension } = output;
  const built = await rollup({
    plugins: [maps],
    input: Object.fromEntries(entries.map((path) => [path.slice(0, -3), join('build', path)])),
    external: (id) => !id.startsWith('.') && !isAbsolute(id),
    // tsc's decorator code begins with `this && this.__decorate`.
    moduleContext: () => 'globalThis',
    onwarn: (warning) => {
      throw new Error(warning.message);
    },
  });
  await built.write({
    dir: 'dist',
    format: output.format,
    entryFileNames: `[name]${extension}`,
    chunkFileNames: `[name]${extension}`,
    plugins,
    // The sources are in the package.
    sourcemap: true,
    sourcemapExcludeSources: true,
    // Otherwise each entry also imports what the others need, and Node has to resolve it again.
    hoistTransitiveImports: false,
    // CommonJS imports packages of either format.
    interop: 'auto',
    esModule: true,
    externalLiveBindings: false,
    manualChunks: (id, { getModuleInfo }) => {
      if (getModuleInfo(id).isEntry || OF_ONE_ENTRY.test(pathOf(id))) return undefined;
      if (isInWorkers(id, getModuleInfo)) return 'worker/shared';
      return isLoadedAtOnce(id, getModuleInfo) ? 'core' : 'pool';
    },
  });
}

/** Writes the types of the CommonJS build: those of the ES modules, under names that end in .cts. */
async function writeCommonjsTypes(entries) {
  const files = new Set(entries.map((path) => join('dist', path.replace(/\.js$/, '.d.ts'))));
  for (const file of files) {
    const types = await readFile(file, 'utf8');
    const renamed = types
      .replace(/(from |import\()(['"])(\.[^'"]*)\.js['"]/g, (all, start, quote, path) => {
        const types = join(file, '..', `${path}.d.ts`);
        // The example of a doc comment names a file of its reader.
        if (!existsSync(types)) return all;
        files.add(types);
        return `${start}${quote}${path}.cjs${quote}`;
      })
      .replace(/(sourceMappingURL=.*)\.d\.ts\.map/, '$1.d.cts.map');
    await writeFile(file.replace(/\.ts$/, '.cts'), renamed);
    const map = JSON.parse(await readFile(`${file}.map`, 'utf8'));
    map.file = map.file.replace(/\.ts$/, '.cts');
    await writeFile(file.replace(/\.ts$/, '.cts.map'), JSON.stringify(map));
  }
}

await bundle([...apiEntries, ...workerModules], { format: 'es', extension: '.js' });
await bundle(apiEntries, { format: 'cjs', extension: '.cjs', plugins: [commonjs] });
await writeCommonjsTypes(apiEntries);
for (const path of workerEntries.filter((path) => path.endsWith('.cjs'))) {
  for (const each of [path, `${path}.map`]) await copyFile(join('build', each), join('dist', each));
}
