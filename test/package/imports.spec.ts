import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { importsOf } from './imports-of.js';
import { ROOT } from '../support/project.js';

/** What the public types of the core may name: packages every user has. */
const PUBLIC_TYPES = ['@nestjs/common', '@nestjs/core', 'piscina', 'rxjs'];

/** What each subpath but `.` may name besides: the optional peer that it is about. */
const OPTIONAL_PEERS: Readonly<Record<string, readonly string[]>> = {
  './bullmq': ['bullmq', '@opentelemetry/api'],
  './bundler': ['oxc-parser', 'unplugin'],
  './health': ['@nestjs/terminus'],
  './prometheus': ['prom-client'],
};

/** What one format of a subpath consists of. */
interface Entry {
  readonly types: string;
  readonly default: string;
}

interface Manifest {
  readonly exports: Readonly<Record<string, Readonly<Record<'import' | 'require', Entry>>>>;
  readonly imports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;
const subpaths = Object.keys(manifest.exports).filter((path) => path !== './package.json');

/** The packages that a built file and all it imports name, with the file that does, but for Node's. */
async function packagesOf(entry: string): Promise<Map<string, string>> {
  const packages = new Map<string, string>();
  const files = new Set([join(ROOT, entry)]);
  for (const file of files) {
    for (const specifier of await importsOf(file)) {
      if (specifier.startsWith('.')) files.add(resolve(file, specifier));
      else if (!isBuiltin(specifier)) packages.set(packageOf(specifier), file);
    }
  }
  return packages;
}

function resolve(file: string, specifier: string): string {
  const path = join(dirname(file), specifier);
  if (!/\.d\.c?ts$/.test(file)) return path;
  const types = path.replace(/\.(c?)js$/, '.d.$1ts');
  return existsSync(types) ? types : path;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Those packages that are not allowed, each with the file that names it. */
function others(packages: ReadonlyMap<string, string>, allowed: readonly string[]): string[] {
  return [...packages]
    .filter(([name]) => !allowed.includes(name))
    .map(([name, file]) => `${name} in ${file.slice(ROOT.length)}`);
}

const FORMATS = ['import', 'require'] as const;

describe.each(subpaths.flatMap((subpath) => FORMATS.map((format) => [subpath, format] as const)))(
  'the subpath "%s", loaded by %s,',
  (subpath, format) => {
    const entry = manifest.exports[subpath]?.[format];
    const peers = OPTIONAL_PEERS[subpath] ?? [];

    it('names only packages in its types that its users have', async () => {
      const packages = await packagesOf(entry?.types ?? '');
      expect(others(packages, [...PUBLIC_TYPES, ...peers])).toEqual([]);
    });

    it('imports only packages that are installed with it, or its own peers', async () => {
      const { dependencies, peerDependencies, peerDependenciesMeta = {} } = manifest;
      const required = Object.keys({ ...dependencies, ...peerDependencies }).filter(
        (name) => peerDependenciesMeta[name]?.optional !== true,
      );
      const packages = await packagesOf(entry?.default ?? '');
      expect(others(packages, [...required, ...peers])).toEqual([]);
    });
  },
);

it('the check finds the packages that the core names, in its types and in its code', async () => {
  const core = FORMATS.map((format) => manifest.exports['.']?.[format]);
  for (const entry of core.flatMap((each) => [each?.types ?? '', each?.default ?? ''])) {
    expect([...(await packagesOf(entry)).keys()]).toEqual(
      expect.arrayContaining(['@nestjs/common', '@nestjs/core', 'piscina', 'rxjs']),
    );
  }
});

it.each([
  ...Object.values(manifest.imports),
  ...FORMATS.map((format) => manifest.exports['./task']?.[format].default),
])('a worker that loads %s loads no package except the one that drives it', async (entry) => {
  const packages = await packagesOf(entry ?? '');
  for (const [name, file] of packages) {
    if (await isImportedLater(file, name)) packages.delete(name);
  }
  expect(others(packages, ['workerpool'])).toEqual([]);
});

/** Whether a file imports a package only when it comes to need it. */
async function isImportedLater(file: string, name: string): Promise<boolean> {
  const source = await readFile(file, 'utf8');
  return (
    source.includes(`await import('${name}')`) &&
    !new RegExp(`(from |= require\\()'${name}'`).test(source)
  );
}
