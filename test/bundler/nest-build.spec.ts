import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Project, createProject, pack } from '../support/project.js';
import { inProjects } from '../support/projects.js';
import { createBundledProject, failureOf, filesIn } from './apps.js';

const MONOREPO = new URL('./monorepo/', import.meta.url);
const ANSWERS = [
  { report: { sum: 7, isMainThread: false } },
  { report: { sum: 3, isMainThread: false } },
];

/** Writes what differs between ES modules and CommonJS: the library with the task file. */
async function writeLibrary({ folder }: Project, isEsm: boolean): Promise<void> {
  const extension = isEsm ? '.js' : '';
  const file = isEsm
    ? `new URL('./report.tasks.js', import.meta.url)`
    : `require.resolve('./report.tasks')`;
  const files = {
    'index.ts': `import { taskFile } from 'nestjs-futures';
export const tasks = taskFile<typeof import('./report.tasks${extension}')>(${file});\n`,
    'report.tasks.ts': `import { isMainThread } from 'node:worker_threads';
import { sum } from './sum${extension}';
export const report = (a: number, b: number) => ({ sum: sum(a, b), isMainThread });\n`,
  };
  for (const [name, code] of Object.entries(files)) {
    await writeFile(join(folder, 'libs/reports/src', name), code);
  }
  const module = isEsm ? 'nodenext' : 'commonjs';
  const compilerOptions = {
    target: 'es2022',
    module,
    moduleResolution: isEsm ? 'nodenext' : 'node',
    types: ['node'],
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    skipLibCheck: true,
    rootDir: '.',
    paths: { '@app/reports': ['./libs/reports/src/index.ts'] },
    ...(isEsm ? {} : { baseUrl: './' }),
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
}

async function build(project: Project, ...args: string[]): Promise<void> {
  await project.run('node_modules/@nestjs/cli/bin/nest.js', 'build', ...args);
}

async function expectAnswers(project: Project, extension: string): Promise<void> {
  const { stdout } = await project.run('dist/apps/desk/main.js');
  expect(JSON.parse(stdout)).toEqual(ANSWERS);
  // Both are in the folder of the app, which may be all that is deployed.
  expect(await filesIn(join(project.folder, 'dist'))).toEqual([
    'apps/desk/main.js',
    `apps/desk/tasks/libs/reports/src/report.tasks${extension}`,
  ]);
}

inProjects.it(
  'nest build -b rspack, in a monorepo on Nest 12, needs one line',
  async () => {
    const project = await createBundledProject(MONOREPO, 12, { type: 'module' });
    await writeLibrary(project, true);
    await build(project, '-b', 'rspack');
    const output = await failureOf(project.run('dist/apps/desk/main.js'));
    expect(output).toMatch(/bundled by (webpack or )?rspack.*plugins: \[taskFiles\.rspack\(\)\]/);
    const line = `export { nestConfig as default } from 'nestjs-futures/bundler';\n`;
    await writeFile(join(project.folder, 'rspack.config.js'), line);
    await build(project, '-b', 'rspack');
    await expectAnswers(project, '.mjs');
  },
  240_000,
);

inProjects.it(
  'nest build --webpack, in a monorepo on Nest 11, needs one line',
  async () => {
    const { tarball } = await pack();
    const project = await createProject(MONOREPO, 11, {
      'nestjs-futures': `file:${tarball}`,
      // What Nest's generator puts into a project.
      '@nestjs/cli': '^11.0.0',
      'ts-loader': '^9.5.2',
      typescript: '^5.7.3',
      '@types/node': '^20.19.0',
      unplugin: '^3.0.0',
      'oxc-parser': '>=0.100.0',
    });
    await writeLibrary(project, false);
    await build(project, '--webpack');
    const output = await failureOf(project.run('dist/apps/desk/main.js'));
    expect(output).toMatch(/bundled by webpack.*plugins: \[taskFiles\.webpack\(\)\]/);
    const line = `module.exports = require('nestjs-futures/bundler').nestConfig;\n`;
    await writeFile(join(project.folder, 'webpack.config.js'), line);
    await build(project, '--webpack');
    await expectAnswers(project, '.cjs');
  },
  300_000,
);
