// The rows of the matrix: a set-up as its generator or its documentation makes it, and its check.
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BUNDLER_ROWS } from './bundler-rows.mjs';
import { useFastify } from './project.mjs';

/**
 * @typedef {object} Row
 * @property {string} name what the table shows; options of the command line pick rows by it
 * @property {11 | 12} nest
 * @property {number[]} [nodes] majors of Node; all if not given
 * @property {string} [limit] why a cell cannot be green, and whose limit that is
 * @property {(project: import('./project.mjs').Project) => Promise<unknown>} [prepare] changes a
 *   copy of the generated project, once for all versions of Node; without it, the project is used
 * @property {(project: import('./project.mjs').Project) => Promise<unknown>} check fails if the
 *   set-up does not work
 */

const start = (project) => project.answers('npm', 'start');
const unitTests = (project) => project.run('npm', 'test');
const e2eTests = (project) => project.run('npm', 'run', 'test:e2e');

const SWC = ['-D', '@swc/cli', '@swc/core'];

/** Has the project import each subpath, and reads packages as TypeScript did before `exports`. */
async function resolveAsNode10(project) {
  await project.editJson('tsconfig.json', ({ compilerOptions }) => {
    delete compilerOptions.resolvePackageJsonExports;
    Object.assign(compilerOptions, { module: 'commonjs', moduleResolution: 'node10' });
  });
  await project.write(
    'src/subpaths.ts',
    `export { taskSignal } from 'nestjs-futures/task';
     export { assertReplaySafe } from 'nestjs-futures/testing';`,
  );
}

/** Node strips types, but compiles no decorators: a program that has none. */
const WITHOUT_DECORATORS = `
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FuturesModule, WorkerPool, taskFile } from 'nestjs-futures';

const tasks = taskFile<typeof import('./print.tasks.js')>(
  new URL('./print.tasks.js', import.meta.url),
);
const app = await NestFactory.createApplicationContext(FuturesModule.forRoot());
const print: string = await app.get(WorkerPool).run(tasks.fingerprint, 'ada');
if (print !== 'cdea22de15b06947') throw new Error(print);
await app.close();
`;

/** Links the package from a folder of the project, as workspaces do. */
async function linkPackage(project) {
  const copy = join(project.folder, 'packages/nestjs-futures');
  await cp(join(project.folder, 'node_modules/nestjs-futures'), copy, { recursive: true });
  await project.editJson('packages/nestjs-futures/package.json', (manifest) => {
    // npm would install them, too.
    delete manifest.devDependencies;
  });
  await project.install('--install-links=false', './packages/nestjs-futures');
}

async function installByPnpm(project) {
  for (const each of ['node_modules', 'package-lock.json']) {
    await rm(join(project.folder, each), { recursive: true });
  }
  await project.run(
    'npm',
    'exec',
    '--yes',
    '--package=pnpm@10',
    '--',
    'pnpm',
    'install',
    '--no-frozen-lockfile',
  );
}

/** @type {Row[]} */
export const ROWS = [
  { name: 'Nest 12, nest start', nest: 12, check: start },
  { name: 'Nest 12, nest start, Fastify', nest: 12, prepare: useFastify, check: start },
  {
    name: 'Nest 12, nest start --watch',
    nest: 12,
    check: (project) => project.answers('npm', 'run', 'start:dev'),
  },
  {
    name: 'Nest 12, nest start -b swc',
    nest: 12,
    prepare: (project) => project.install(...SWC),
    check: (project) => project.answers('npx', 'nest', 'start', '-b', 'swc'),
  },
  { name: 'Nest 12, npm test (Vitest)', nest: 12, check: unitTests },
  { name: 'Nest 12, npm run test:e2e (Vitest)', nest: 12, check: e2eTests },
  { name: 'Nest 11, nest start', nest: 11, check: start },
  { name: 'Nest 11, nest start, Fastify', nest: 11, prepare: useFastify, check: start },
  {
    name: 'Nest 11, nest start -b swc',
    nest: 11,
    prepare: (project) => project.install(...SWC),
    check: (project) => project.answers('npx', 'nest', 'start', '-b', 'swc'),
  },
  { name: 'Nest 11, npm test (ts-jest)', nest: 11, check: unitTests },
  { name: 'Nest 11, npm run test:e2e (ts-jest)', nest: 11, check: e2eTests },
  {
    name: 'Nest 11, moduleResolution node10',
    nest: 11,
    prepare: resolveAsNode10,
    check: async (project) => {
      await start(project);
      await unitTests(project);
    },
  },
  {
    name: 'Nest 12, node --import tsx',
    nest: 12,
    prepare: (project) => project.install('-D', 'tsx'),
    check: (project) => project.answers('node', '--import', 'tsx', 'src/main.ts'),
  },
  {
    name: 'Nest 11, node --import tsx',
    nest: 11,
    prepare: (project) => project.install('-D', 'tsx'),
    check: (project) => project.answers('node', '--import', 'tsx', 'src/main.ts'),
  },
  {
    name: 'Nest 11, ts-node',
    nest: 11,
    check: (project) => project.answers('npx', 'ts-node', 'src/main.ts'),
  },
  {
    name: 'Nest 12, @swc-node/register',
    nest: 12,
    prepare: (project) => project.install('-D', '@swc-node/register', '@swc/core'),
    check: (project) =>
      project.answers('node', '--import', '@swc-node/register/esm-register', 'src/main.ts'),
  },
  {
    name: 'Nest 11, @swc-node/register',
    nest: 11,
    prepare: (project) => project.install('-D', '@swc-node/register', '@swc/core'),
    check: (project) => project.answers('node', '-r', '@swc-node/register', 'src/main.ts'),
  },
  {
    name: 'Nest 12, type stripping by Node',
    nest: 12,
    nodes: [22, 24],
    prepare: (project) => project.write('src/script.ts', WITHOUT_DECORATORS),
    check: (project) => project.run('node', 'src/script.ts'),
  },
  ...BUNDLER_ROWS,
  { name: 'Nest 12, npm link', nest: 12, prepare: linkPackage, check: start },
  { name: 'Nest 12, pnpm', nest: 12, prepare: installByPnpm, check: start },
];
