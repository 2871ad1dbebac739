import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The repository's root. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What an app needs beside this package, but for the major of Nest. */
const REQUIRED = { 'reflect-metadata': '^0.2.0', rxjs: '^7.8.0' };

/** An npm project in a temporary folder, removed after the tests of the file. */
export interface Project {
  readonly folder: string;
  /** Runs a file by node; rejects if it fails, or has not ended by itself in time. */
  run(file: string, ...args: readonly string[]): Promise<{ stdout: string; stderr: string }>;
}

const folders = new Set<string>();

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** Makes a project of a copy of `files`, and installs one major of Nest and `dependencies`. */
export async function createProject(
  files: URL,
  nest: 11 | 12,
  dependencies: Readonly<Record<string, string>> = {},
): Promise<Project> {
  const folder = await temporaryFolder();
  await cp(files, folder, { recursive: true });
  const ofNest = Object.fromEntries(
    ['common', 'core', 'platform-express'].map((name) => [`@nestjs/${name}`, `^${nest}.0.0`]),
  );
  const manifest = { private: true, dependencies: { ...ofNest, ...REQUIRED, ...dependencies } };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--strict-peer-deps'];
  await run('npm', ['install', ...flags], { cwd: folder, timeout: 150_000 });
  return {
    folder,
    run: (file, ...args) =>
      run(process.execPath, [file, ...args], {
        cwd: folder,
        // Early releases of Node 22 warn of require(esm).
        env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
        timeout: 50_000,
        killSignal: 'SIGKILL',
      }),
  };
}

export interface Packed {
  /** Path of the tarball. */
  readonly tarball: string;
  /** Paths of the files in it. */
  readonly files: readonly string[];
}

/** Packs what is built, without building: other tests use it meanwhile. */
export async function pack(): Promise<Packed> {
  const folder = await temporaryFolder();
  const flags = ['--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run('npm', ['pack', ...flags], { cwd: ROOT, timeout: 60_000 });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  return {
    tarball: join(folder, packed.filename),
    files: packed.files.map(({ path }) => path),
  };
}

/** A folder that is removed after the tests of the file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-futures-'));
  folders.add(folder);
  return folder;
}
