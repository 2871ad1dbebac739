import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './project.js';

const run = promisify(execFile);
const folders = new Set<string>();

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** What Nest needs. */
export const NEST = ['@nestjs/common', '@nestjs/core', 'reflect-metadata', 'rxjs'];

/** A compiler of a Nest project, and its options. */
export const NEST_OPTIONS = {
  target: 'es2023',
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
};

export interface SourceProjectOptions {
  readonly files: Readonly<Record<string, string>>;
  /** `type` of the package.json. */
  readonly type?: 'module' | 'commonjs';
  readonly compilerOptions?: object | undefined;
  /** Packages of this repository that the project has; this package is always there. */
  readonly packages?: readonly string[];
  /** What the folder's name holds. */
  readonly name?: string;
}

/** A project of TypeScript sources that nobody has built, removed after the tests of the file. */
export class SourceProject {
  private constructor(readonly folder: string) {}

  static async create(options: SourceProjectOptions): Promise<SourceProject> {
    const { files, type, compilerOptions = NEST_OPTIONS, packages = [], name = '' } = options;
    // Node names files by their real paths, also in stacks.
    const folder = join(
      await realpath(await mkdtemp(join(tmpdir(), 'nestjs-futures-'))),
      `app${name}`,
    );
    folders.add(dirname(folder));
    const project = new SourceProject(folder);
    await project.write({
      'package.json': JSON.stringify({ private: true, type }),
      'tsconfig.json': JSON.stringify({ compilerOptions }),
      ...files,
    });
    for (const each of ['piscina', ...packages]) await project.link(each);
    await project.install();
    return project;
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(this.path(name)), { recursive: true });
      await writeFile(this.path(name), content);
    }
  }

  /** Runs node in the project; resolves to what it prints, or rejects if it fails. */
  async run(...args: readonly string[]): Promise<string> {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const { stdout } = await run(process.execPath, args, {
      cwd: this.folder,
      env,
      timeout: 50_000,
      killSignal: 'SIGKILL',
    });
    return stdout;
  }

  private async link(name: string): Promise<void> {
    const path = this.path(join('node_modules', name));
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), path);
  }

  /** Loaders treat files in node_modules as built, so this package must be there. */
  private async install(): Promise<void> {
    for (const each of ['dist', 'package.json']) {
      const path = this.path(join('node_modules/nestjs-futures', each));
      await cp(join(ROOT, each), path, { recursive: true });
    }
  }
}
