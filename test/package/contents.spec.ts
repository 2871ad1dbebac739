import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importsOf } from './imports-of.js';
import { pack, ROOT } from '../support/project.js';

/** What apps and task files load; each is built in both formats. */
const ENTRIES = [
  'dist/index.js',
  'dist/bullmq/index.js',
  'dist/bundler/index.js',
  'dist/executors/kit.js',
  'dist/health/index.js',
  'dist/prometheus/index.js',
  'dist/worker/task-api/index.js',
  'dist/testing/index.js',
];

describe('the package', () => {
  let files: readonly string[];

  beforeAll(async () => {
    ({ files } = await pack());
  }, 60_000);

  const isMissing = (path: string) => !files.includes(path);

  it('contains the sources, their types, the build with its maps, and the docs, nothing else; empty dist and build if it does not', async () => {
    const sources = (await readdir(join(ROOT, 'src'), { recursive: true })).filter((path) =>
      /\.c?ts$/.test(path),
    );
    const types = sources.map((path) => join('dist', path.replace(/\.(c?)ts$/, '.d.$1ts')));
    const commonjs = ENTRIES.map((path) => path.replace(/\.js$/, '.cjs'));
    const commonjsTypes = ENTRIES.map((path) => path.replace(/\.js$/, '.d.cts'));
    const docs = await readdir(join(ROOT, 'docs'));
    const modules = [
      ...ENTRIES,
      ...commonjs,
      'dist/worker/process-worker.js',
      'dist/worker/sources/index.js',
      'dist/worker/thread-entry.cjs',
      'dist/worker/thread-worker.js',
    ];
    const built = [
      ...(await withImports(modules)),
      ...types,
      ...(await withImports(commonjsTypes)),
    ];
    const pages = ['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md'];
    const expected = [
      ...pages,
      'package.json',
      'sample/README.md',
      ...docs.map((name) => join('docs', name)),
      ...sources.map((path) => join('src', path)),
      ...built.flatMap((path) => [path, `${path}.map`]),
    ];
    expect(files.toSorted(byName)).toEqual(expected.toSorted(byName));
  });

  it('has maps that lead to sources that it holds', async () => {
    for (const file of files.filter((path) => path.endsWith('.map'))) {
      const { sources } = JSON.parse(await read(file)) as { sources: readonly string[] };
      const missing = sources.map((each) => join(file, '..', each)).filter(isMissing);
      expect([file, missing]).toEqual([file, []]);
    }
  });

  it('holds every file that its pages link to', async () => {
    for (const page of files.filter((path) => path.endsWith('.md'))) {
      const links = (await read(page)).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g);
      const missing = Array.from(links, ([, link = '']) => join(page, '..', link)).filter(
        isMissing,
      );
      expect([page, missing]).toEqual([page, []]);
    }
  });

  it('keeps the names of classes, since errors and injected classes show them', async () => {
    for (const file of files.filter((path) => /\.c?js$/.test(path))) {
      expect((await read(file)).match(/class \w+\$\d/g)).toBeNull();
    }
  });

  it('names no source map that it does not contain', async () => {
    const dangling: string[] = [];
    for (const file of files.filter((path) => /\.c?js$/.test(path))) {
      const [, map] = /^\/\/# sourceMappingURL=(.*)$/m.exec(await read(file)) ?? [];
      if (map !== undefined && !files.includes(join(file, '..', map))) dangling.push(file);
    }
    expect(dangling).toEqual([]);
  });
});

/** These modules, or types, and all that they import. */
async function withImports(modules: readonly string[]): Promise<readonly string[]> {
  const all = new Set(modules);
  for (const file of all) {
    for (const specifier of await importsOf(join(ROOT, file))) {
      const path = file.endsWith('.d.cts') ? specifier.replace(/\.cjs$/, '.d.cts') : specifier;
      if (specifier.startsWith('.')) all.add(join(file, '..', path));
    }
  }
  return [...all];
}

function read(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8');
}

function byName(a: string, b: string): number {
  return a < b ? -1 : 1;
}
