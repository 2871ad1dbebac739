import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Project, ROOT, createProject, pack } from '../support/project.js';

/** Bundlers and what they need, in the versions that this repository has. */
const TOOLS = [
  'webpack',
  '@rspack/core',
  'rollup',
  'rolldown',
  'vite',
  'esbuild',
  'unplugin',
  'oxc-parser',
  'typescript',
  'ts-loader',
  '@types/node',
  '@nestjs/cli',
  'webpack-node-externals',
  'tsconfig-paths-webpack-plugin',
  'fork-ts-checker-webpack-plugin',
];

/**
 * A project with the packed package, in which the bundlers are installed.
 *
 * @param manifest what its package.json says besides
 */
export async function createBundledProject(
  files: URL,
  nest: 11 | 12,
  manifest: object = {},
): Promise<Project> {
  const { tarball } = await pack();
  const project = await createProject(files, nest, { 'nestjs-futures': `file:${tarball}` });
  const path = join(project.folder, 'package.json');
  const written = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...written, ...manifest }));
  for (const tool of TOOLS) {
    const link = join(project.folder, 'node_modules', tool);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', tool), link, 'junction');
  }
  return project;
}

/** The files below a folder, in order. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

/** The output of a program that has failed; rejects if it has not. */
export async function failureOf(running: Promise<{ stdout: string }>): Promise<string> {
  const failed = await running.then(
    ({ stdout }) => {
      throw new Error(`It has not failed: ${stdout}`);
    },
    (error: { stdout: string; stderr: string }) => error,
  );
  return failed.stdout + failed.stderr;
}
