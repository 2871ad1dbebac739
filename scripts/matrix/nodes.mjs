// The versions of Node that the matrix runs on: this one, and others from npm.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './shell.mjs';

export const MAJORS = [20, 22, 24];

/** The path of a Node of this major version. */
export async function nodeOf(major, folder) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const home = join(folder, `node-${major}`);
  await mkdir(home, { recursive: true });
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--prefix', home];
  await run(home, process.execPath, ['npm', 'install', ...flags, `${name}@${major}`]);
  return join(home, 'node_modules', name, 'bin/node');
}
