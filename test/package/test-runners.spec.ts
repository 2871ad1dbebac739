import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, createProject, pack, type Project } from '../support/project.js';
import { inProjects } from '../support/projects.js';

/** What the examples of docs/testing.md check, and what `runners/test` does. */
const TITLES = [
  'shows the print',
  'gets a value for a key',
  'gets a function in place of a task',
  'gets an error',
  'needs two passes and one call',
  'runs the task with the mock',
  'runs the task inline, loaded by the test runner',
  'runs the task inline, loaded by default',
  'runs the task of a handler without an app',
].toSorted();

const VITEST = { vitest: '>=3', '@vitest/coverage-v8': '>=3', 'unplugin-swc': '>=1' };
const SWC = { '@swc/core': '^1.16.0' };
const MOCKS = 'test/mocks.vitest-spec.ts';
const JEST = 'node_modules/jest/bin/jest.js';

inProjects.describe('docs/testing.md, in a project with the packed package', () => {
  let docs: ReadonlyMap<string, string>;
  let tarball: string;

  beforeAll(async () => {
    docs = examplesIn(await readFile(join(ROOT, 'docs/testing.md'), 'utf8'));
    ({ tarball } = await pack());
  }, 90_000);

  async function create(
    nest: 11 | 12,
    type: 'module' | 'commonjs',
    dependencies: Readonly<Record<string, string>>,
    mocks: Readonly<Record<string, string>>,
  ): Promise<Project> {
    const files = new URL('./runners/', import.meta.url);
    const project = await createProject(files, nest, {
      'nestjs-futures': `file:${tarball}`,
      '@nestjs/testing': `^${nest}.0.0`,
      ...dependencies,
    });
    await edit(project, 'package.json', (text) =>
      JSON.stringify({ ...(JSON.parse(text) as object), type }),
    );
    const { [MOCKS]: _, ...others } = Object.fromEntries(docs);
    for (const [name, text] of Object.entries({ ...others, ...mocks })) {
      await writeFile(join(project.folder, name), text);
    }
    return project;
  }

  it('runs with Vitest', async () => {
    const project = await create(12, 'module', { ...SWC, ...VITEST }, { [MOCKS]: mocks(docs) });
    const flags = ['run', '--coverage', '--reporter=json'];
    const { stdout } = await project.run('node_modules/vitest/vitest.mjs', ...flags);
    expect(passed(stdout)).toEqual(TITLES);
    expect(await coveredFunctions(project, 'src/print.tasks.ts')).toBe(100);
  }, 240_000);

  it('runs with Jest and ES modules', async () => {
    const text = mocks(docs)
      .replace("import { vi } from 'vitest';", "import { jest } from '@jest/globals';")
      .replace('vi.mock(', 'jest.unstable_mockModule(')
      .replace(/^import \{ AppModule \} .*\n/m, '')
      .replace('let app:', "const { AppModule } = await import('../src/app.module.js');\nlet app:");
    const dependencies = { ...SWC, jest: '^30.0.0', '@swc/jest': '^0.2.39' };
    const project = await create(12, 'module', dependencies, { 'test/mocks.spec.ts': text });
    const { stdout } = await project.run('--experimental-vm-modules', JEST, '--coverage', '--json');
    expect(passed(stdout)).toEqual(TITLES);
    expect(await coveredFunctions(project, 'src/print.tasks.ts')).toBe(100);
  }, 240_000);

  it('runs with Jest and CommonJS, as a new project of Nest 11 is', async () => {
    const text = mocks(docs)
      .replace("import { vi } from 'vitest';\n", '')
      .replace('vi.mock(', 'jest.mock(');
    const dependencies = {
      jest: '^30.0.0',
      'ts-jest': '^29.4.0',
      '@types/jest': '^30.0.0',
      '@types/node': '^22.0.0',
      typescript: '^5.7.0',
    };
    const project = await create(11, 'commonjs', dependencies, { 'test/mocks.spec.ts': text });
    for (const folder of ['src', 'test']) {
      for (const name of await readdir(join(project.folder, folder))) {
        await edit(project, join(folder, name), toCommonJs);
      }
    }
    const { stdout } = await project.run(JEST, '-c', 'jest.cjs.json', '--coverage', '--json');
    expect(passed(stdout)).toEqual(TITLES);
    expect(await coveredFunctions(project, 'src/print.tasks.ts')).toBe(100);
  }, 240_000);
});

function mocks(docs: ReadonlyMap<string, string>): string {
  const text = docs.get(MOCKS);
  if (text === undefined) throw new Error(`docs/testing.md shows no ${MOCKS}.`);
  return text;
}

/** Imports as CommonJS writes them, and the name of the task file. */
function toCommonJs(text: string): string {
  return text
    .replaceAll(/(['"]\.{1,2}\/[^'"]*)\.js(['"])/g, '$1$2')
    .replace(/new URL\((.*), import\.meta\.url\)/, 'require.resolve($1)');
}

/** The TypeScript examples of a page that begin with the name of a file, by that name. */
function examplesIn(page: string): ReadonlyMap<string, string> {
  const blocks = page.matchAll(/```ts\n\/\/ (\S+\.ts)\n(.*?)```/gs);
  return new Map(Array.from(blocks, ([, name = '', code = '']) => [name, code]));
}

interface Results {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

/** Titles of the tests that passed: Vitest writes its results as Jest does. */
function passed(stdout: string): string[] {
  const { testResults } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Results;
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .map(({ title, status }) => (status === 'passed' ? title : `${title}: ${status}`))
    .toSorted();
}

async function coveredFunctions(project: Project, file: string): Promise<number | undefined> {
  const path = join(project.folder, 'coverage/coverage-summary.json');
  const summary = JSON.parse(await readFile(path, 'utf8')) as Record<
    string,
    { readonly functions: { readonly pct: number } }
  >;
  const name = Object.keys(summary).find((each) => each.endsWith(file));
  return name === undefined ? undefined : summary[name]?.functions.pct;
}

async function edit(
  { folder }: Project,
  file: string,
  change: (text: string) => string,
): Promise<void> {
  await writeFile(join(folder, file), change(await readFile(join(folder, file), 'utf8')));
}
