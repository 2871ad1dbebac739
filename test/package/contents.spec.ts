import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pack, ROOT } from './project.js';

describe('the package', () => {
  let files: readonly string[];

  beforeAll(async () => {
    ({ files } = await pack());
  }, 60_000);

  it('holds the built form of each source and nothing else; empty dist and build if it lists more', async () => {
    const sources = (await readdir(join(ROOT, 'src'), { recursive: true })).filter((path) =>
      /\.c?ts$/.test(path),
    );
    const built = sources.flatMap((path) => {
      const [, name = '', kind = ''] = /^(.*)\.(c?)ts$/.exec(join('dist', path)) ?? [];
      return [`${name}.d.${kind}ts`, `${name}.${kind}js`];
    });
    expect(files.toSorted(byName)).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', ...built].toSorted(byName),
    );
    expect(files).toEqual(
      expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'dist/tasks/worker.js']),
    );
  });

  it('names no source map that it does not hold', async () => {
    const dangling: string[] = [];
    for (const file of files.filter((path) => path.endsWith('.js'))) {
      const [, map] = /^\/\/# sourceMappingURL=(.*)$/m.exec(await read(file)) ?? [];
      if (map !== undefined && !files.includes(join(file, '..', map))) dangling.push(file);
    }
    expect(dangling).toEqual([]);
  });
});

function read(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8');
}

function byName(a: string, b: string): number {
  return a < b ? -1 : 1;
}
