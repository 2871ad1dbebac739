import { symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FuturesArgumentError, taskFile } from '../../src/index.js';
import { taskReference } from '../../src/tasks/task.js';
import { call, run, startThreads } from '../support/executors.js';
import { taskFolder } from '../support/task-folder.js';

type Tasks = { two(): number };
const CODE = 'export const two = () => 2;';

/** The file that workers load. */
function urlOf(path: string | URL): string | undefined {
  return taskReference(taskFile<Tasks>(path).two).url;
}

describe('taskFile() looks for the file when it is called, and', () => {
  it.each([
    ['x.tasks.js', 'x.tasks.ts'],
    ['x.tasks.js', 'x.tasks.tsx'],
    ['x.tasks.mjs', 'x.tasks.mts'],
    ['x.tasks.cjs', 'x.tasks.cts'],
    ['x.tasks.ts', 'x.tasks.ts'],
    // Where a build has rewritten imports, but not this name.
    ['x.tasks.ts', 'x.tasks.js'],
    ['x.tasks.mts', 'x.tasks.mjs'],
  ])('takes for %s the file %s that stands there', (named, there) => {
    const folder = taskFolder({ [there]: '' });
    const url = pathToFileURL(join(folder, there)).href;
    expect(urlOf(join(folder, named))).toBe(url);
    expect(urlOf(pathToFileURL(join(folder, named)))).toBe(url);
  });

  it('takes the built file if both are there', () => {
    const folder = taskFolder({ 'x.tasks.js': '', 'x.tasks.ts': '' });
    expect(urlOf(join(folder, 'x.tasks.js'))).toMatch(/x\.tasks\.js$/);
    expect(urlOf(join(folder, 'x.tasks.ts'))).toMatch(/x\.tasks\.ts$/);
  });

  it('keeps what stands after the path in a URL', () => {
    const folder = taskFolder({ 'x.tasks.ts': '' });
    const url = pathToFileURL(join(folder, 'x.tasks.js'));
    url.search = '?v=2';
    expect(urlOf(url)).toMatch(/x\.tasks\.ts\?v=2$/);
  });

  it.each(['a b', 'a#b', 'a?b', '100%', '%20', 'é ü', '日本語', "it's", '[id]', 'a+b&c=d'])(
    'runs tasks of a file in the folder "%s", by path and by URL',
    async (name) => {
      const path = join(
        taskFolder({ [`${name}/${name}.tasks.mjs`]: CODE }),
        name,
        `${name}.tasks.mjs`,
      );
      const byPath = taskFile<Tasks>(path);
      const byUrl = taskFile<Tasks>(pathToFileURL(path));
      const values = await run(startThreads({ max: 1 }), call(byPath.two, []), call(byUrl.two, []));
      expect(values).toEqual([2, 2]);
      expect(taskReference(byPath.two).id).toBe(`${name}.two`);
    },
  );

  it.each([
    [
      'nothing there',
      './lost.tasks.js',
      /no file .*lost\.tasks\.js.*no lost\.tasks\.ts or lost\.tasks\.tsx beside it/,
    ],
    [
      'a wrong spelling',
      './reprot.tasks.js',
      /The task files in that folder are: .*report\.tasks\.js/,
    ],
    ['no such folder', './lost/x.tasks.js', /There is no folder .*lost\./],
    ['a directory', './folder', /folder is a directory. Name the task file in it/],
    ['a directory that ends like a module', './folder.js', /folder\.js is a directory/],
    ['the folder itself', './', /is a directory/],
    ['a JSON file', './data.json', /data\.json is not a module/],
    ['a declaration', './types.d.ts', /types\.d\.ts is not a module/],
    ['a text', './text', /text is not a module/],
    ['a file under a file', './text/x.tasks.js', /There is no file/],
    [
      'a name with a "#" in a URL',
      './a#b.tasks.js',
      /"#b\.tasks\.js" is not part of the path in a URL: write %23/,
    ],
    ['a link to nothing', './link.tasks.js', /There is no file/],
    ['a socket', './socket.tasks.js', /socket\.tasks\.js is not a module/],
    ['a name that is too long', `./${'x'.repeat(300)}.js`, /cannot be read: ENAMETOOLONG/],
    ['a NUL', './a%00b.js', /cannot be read|names no file/],
    ['an encoded slash', './a%2Fb.js', /not the path of a file/],
    ['another machine', 'file://other/x.tasks.js', /not the path of a file/],
    ['another drive', 'file:///D:/app/x.tasks.js', /There is no file .*D:/],
  ])('refuses %s', async (_name, name, message) => {
    const folder = taskFolder({
      'report.tasks.js': CODE,
      'folder/x.js': '',
      'folder.js/x.js': '',
      'data.json': '{}',
      'types.d.ts': '',
      text: '',
    });
    symlinkSync(join(folder, 'nothing'), join(folder, 'link.tasks.js'));
    const server = createServer().listen(join(folder, 'socket.tasks.js'));
    await new Promise((resolve) => server.once('listening', resolve));
    const make = () => taskFile(new URL(name, pathToFileURL(`${folder}/`)));
    try {
      expect(make).toThrow(FuturesArgumentError);
      expect(make).toThrow(message);
      expect(make).toThrow(/^taskFile\(\): /);
    } finally {
      server.close();
    }
  });

  it('follows links', async () => {
    const folder = taskFolder({ 'x.tasks.mjs': CODE });
    symlinkSync(join(folder, 'x.tasks.mjs'), join(folder, 'y.tasks.mjs'));
    const { two } = taskFile<Tasks>(join(folder, 'y.tasks.mjs'));
    expect(await run(startThreads({ max: 1 }), call(two, []))).toEqual([2]);
  });

  it('takes the URL of another realm', () => {
    const path = join(taskFolder({ 'x.tasks.js': '' }), 'x.tasks.js');
    const { href } = pathToFileURL(path);
    expect(urlOf({ href, protocol: 'file:' } as URL)).toBe(href);
  });
});
