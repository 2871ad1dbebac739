import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ROOT, createProject, pack, type Project } from '../support/project.js';

/** What the examples of docs/testing.md check. */
const SHARED = [
  'shows the print',
  'gets a value for a key',
  'gets a function in place of a task',
  'gets an error',
  'needs two passes and one call',
];
const MOCKED = 'runs the task with the mock';

const NEST = '^12.0.0';
const SWC = { '@swc/core': '^1.16.0' };

describe('docs/testing.md, in a project with the packed package', () => {
  let docs: ReadonlyMap<string, string>;
  let packed: Readonly<Record<string, string>>;

  beforeAll(async () => {
    docs = examplesIn(await readFile(join(ROOT, 'docs/testing.md'), 'utf8'));
    const { tarball } = await pack();
    packed = { 'nestjs-futures': `file:${tarball}`, '@nestjs/testing': NEST };
  }, 90_000);

  async function create(
    dependencies: Readonly<Record<string, string>>,
    ...specs: readonly string[]
  ): Promise<Project> {
    const files = new URL('./runners/', import.meta.url);
    const project = await createProject(files, 12, { ...packed, ...dependencies });
    await edit(project, 'package.json', (text) =>
      JSON.stringify({ ...(JSON.parse(text) as object), type: 'module' }),
    );
    for (const name of ['test/page.spec.ts', 'test/app.e2e-spec.ts', ...specs]) {
      await mkdir(dirname(join(project.folder, name)), { recursive: true });
      await writeFile(
        join(project.folder, name),
        docs.get(name) ?? `// ${name} is not in the docs`,
      );
    }
    return project;
  }

  it('runs with Vitest, mocks in a task file and its coverage included', async () => {
    const project = await create(
      { ...SWC, vitest: '>=3', '@vitest/coverage-v8': '>=3', 'unplugin-swc': '>=1' },
      'test/mocks.vitest-spec.ts',
    );
    const flags = ['run', '--coverage', '--reporter=json'];
    const { stdout } = await project.run('node_modules/vitest/vitest.mjs', ...flags);
    expect(passed(stdout)).toEqual([...SHARED, MOCKED].toSorted());
    expect(await coveredFunctions(project, 'src/print.tasks.ts')).toBe(100);
  }, 240_000);

  it('runs with Jest and ES modules', async () => {
    const project = await create({ ...SWC, jest: '^30.0.0', '@swc/jest': '^0.2.39' });
    const jest = 'node_modules/jest/bin/jest.js';
    const { stdout } = await project.run('--experimental-vm-modules', jest, '--json');
    expect(passed(stdout)).toEqual(SHARED.toSorted());
  }, 240_000);
});

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
