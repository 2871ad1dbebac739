import { cp, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Project, ROOT, temporaryFolder } from '../support/project.js';
import { inProjects, tried } from '../support/projects.js';
import { createBundledProject, failureOf, filesIn } from './apps.js';

const BUNDLERS = ['webpack', 'rspack', 'rollup', 'rolldown', 'vite', 'esbuild'] as const;
const COMBINATIONS = BUNDLERS.flatMap((bundler) => [
  { bundler, format: 'esm', main: 'main.mjs' },
  { bundler, format: 'cjs', main: 'main.cjs' },
]);
const TRIED = tried(COMBINATIONS, ({ bundler, format }) =>
  ['webpack-cjs', 'esbuild-esm'].includes(`${bundler}-${format}`),
);

const report = { sum: 7, isApp: false, isAborted: false };
/** What the app answers, whoever has bundled it. */
const ANSWERS = {
  thread: { ...report, isMainThread: false },
  process: { ...report, isMainThread: true },
  inline: { ...report, isMainThread: true, isApp: true },
  declared: { ...report, isMainThread: false },
  other: { file: 'the one beside the controller' },
  name: { task: 'report.missing' },
};

it('docs/tools.md shows the line for each bundler that is tested here', async () => {
  const page = await readFile(join(ROOT, 'docs/tools.md'), 'utf8');
  for (const bundler of BUNDLERS) expect(page).toContain(`plugins: [taskFiles.${bundler}()]`);
});

describe('an app that a bundler has built', () => {
  let project: Project;

  beforeAll(async () => {
    project = await createBundledProject(new URL('./app/', import.meta.url), 12);
    // rollup bundles what tsc has built.
    await project.run('node_modules/typescript/bin/tsc', '-p', '.');
  }, 180_000);

  async function answers(folder: string, main: string): Promise<unknown> {
    const { stdout, stderr } = await project.run(resolve(project.folder, folder, main));
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  }

  describe.each(TRIED)('$bundler, $format', ({ bundler, format, main }) => {
    it('runs its tasks in workers, with the plugin', async () => {
      const folder = `out/${bundler}-${format}`;
      await project.run('build.mjs', bundler, format, folder);
      expect(await answers(folder, main)).toEqual(ANSWERS);
      const files = await filesIn(join(project.folder, folder));
      expect(files.filter((file) => file.includes('report.tasks'))).toHaveLength(2);
    }, 60_000);

    it('stops at startup without the plugin, and names the line that is missing', async () => {
      const folder = `plain/${bundler}-${format}`;
      await project.run('build.mjs', bundler, format, folder, 'without-plugin');
      const output = await failureOf(project.run(join(folder, main)));
      if (bundler === 'esbuild' && format === 'cjs') {
        // esbuild has no import.meta.url there: Node fails before taskFile() is called.
        expect(output).toContain('ERR_INVALID_URL');
        return;
      }
      expect(output).toContain('FuturesArgumentError');
      expect(output).toContain('nestjs-futures/bundler');
      // rollup leaves no marks in what it writes.
      if (bundler !== 'rollup') expect(output).toContain(`plugins: [taskFiles.${bundler}()]`);
    }, 60_000);
  });

  inProjects.it.each(COMBINATIONS.filter(({ bundler }) => /pack|esbuild|vite/.test(bundler)))(
    'works if minified, by $bundler, $format',
    async ({ bundler, format, main }) => {
      const folder = `minified/${bundler}-${format}`;
      await project.run('build.mjs', bundler, format, folder, 'minify');
      expect(await answers(folder, main)).toEqual(ANSWERS);
    },
    60_000,
  );

  inProjects.it.each(COMBINATIONS.filter(({ bundler }) => /pack/.test(bundler)))(
    'works with a runtime chunk, in a folder of the output, by $bundler, $format',
    async ({ bundler, format, main }) => {
      const folder = `deep/${bundler}-${format}`;
      await project.run('build.mjs', bundler, format, folder, 'deep');
      expect(await answers(`${folder}/apps/desk`, main)).toEqual(ANSWERS);
    },
    60_000,
  );

  // rollup needs further plugins for that.
  const WHOLE = COMBINATIONS.filter(({ bundler }) => bundler !== 'rollup');

  inProjects.it.each(WHOLE)(
    'needs no node_modules if all packages are in the bundle, by $bundler, $format',
    async ({ bundler, format, main }) => {
      const folder = `whole/${bundler}-${format}`;
      await project.run('build.mjs', bundler, format, folder, 'bundled');
      const elsewhere = await temporaryFolder();
      await cp(join(project.folder, folder), elsewhere, { recursive: true });
      expect(await answers(elsewhere, main)).toEqual(ANSWERS);
    },
    60_000,
  );

  it('is told to keep nestjs-futures external if its workers are not in the output', async () => {
    await project.run('by-hand/build.mjs');
    const { stdout } = await project.run('by-hand/out/main.mjs');
    const lines = stdout.trim().split('\n');
    for (const [i, executor] of ['thread', 'process'].entries()) {
      expect(lines[i]).toMatch(
        new RegExp(`^${executor}: FuturesOptionsError: .*workers load first.*taskFiles.*external`),
      );
    }
    expect(lines).toHaveLength(2);
  }, 60_000);
});
