import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { wrkVersion } from '../load/wrk.js';

/** The machine and the software that produced the figures. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory: string;
  readonly system: string;
  readonly node: string;
  /** Versions of the compared packages, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

const COMPARED = [
  '@nestjs/core',
  'fastify',
  'express',
  'piscina',
  'tinypool',
  'workerpool',
  'poolifier',
  'autocannon',
] as const;

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()}`,
    node: process.version,
    versions: {
      'nestjs-futures': versionIn(new URL('../../../package.json', import.meta.url)),
      ...Object.fromEntries(COMPARED.map((name) => [name, versionOf(name)])),
      ...(wrkVersion === undefined ? {} : { wrk: wrkVersion }),
    },
  };
}

/** Looks up a package as Node does, since not all packages export their manifest. */
function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return versionIn(`${folder}/${name}/package.json`);
    } catch {
      continue;
    }
  }
  return 'unknown';
}

function versionIn(manifest: URL | string): string {
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version;
}
