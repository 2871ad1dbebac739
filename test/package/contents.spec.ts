import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importsOf } from './imports-of.js';
import { pack, ROOT } from './project.js';

describe('the package', () => {
  let files: readonly string[];

  beforeAll(async () => {
    ({ files } = await pack());
  }, 60_000);

  it('contains the types of each source and the build, nothing else; empty dist and build if it does not', async () => {
    const sources = await readdir(join(ROOT, 'src'), { recursive: true });
    const types = sources
      .filter((path) => /\.c?ts$/.test(path))
      .map((path) => join('dist', path.replace(/\.(c?)ts$/, '.d.$1ts')));
    const modules = [
      'dist/index.js',
      'dist/bullmq/index.js',
      'dist/executors/kit.js',
      'dist/worker/task-api/index.js',
      'dist/worker/process-worker.js',
      'dist/worker/thread-entry.cjs',
      'dist/worker/thread-worker.js',
      'dist/testing/index.js',
    ];
    const rest = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];
    const chunks = await imported(modules);
    expect(files.toSorted(byName)).toEqual(
      [...rest, ...types, ...modules, ...chunks].toSorted(byName),
    );
  });

  it('keeps the names of classes, since errors and injected classes show them', async () => {
    for (const file of files.filter((path) => path.endsWith('.js'))) {
      expect((await read(file)).match(/class \w+\$\d/g)).toBeNull();
    }
  });

  it('names no source map that it does not contain', async () => {
    const dangling: string[] = [];
    for (const file of files.filter((path) => path.endsWith('.js'))) {
      const [, map] = /^\/\/# sourceMappingURL=(.*)$/m.exec(await read(file)) ?? [];
      if (map !== undefined && !files.includes(join(file, '..', map))) dangling.push(file);
    }
    expect(dangling).toEqual([]);
  });
});

/** The files that these modules import, and those that they import. */
async function imported(modules: readonly string[]): Promise<readonly string[]> {
  const all = new Set(modules);
  for (const file of all) {
    for (const specifier of await importsOf(join(ROOT, file))) {
      if (specifier.startsWith('.')) all.add(join(file, '..', specifier));
    }
  }
  return [...all].slice(modules.length);
}

function read(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8');
}

function byName(a: string, b: string): number {
  return a < b ? -1 : 1;
}
