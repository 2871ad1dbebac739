import { NEST, NEST_OPTIONS, SourceProject } from '../../support/source-project.js';

/** An app that runs from its sources, and runs a task on each executor. */
const MAIN = (url: string) => `
  import 'reflect-metadata';
  import { NestFactory } from '@nestjs/core';
  import { FuturesModule, WorkerPool, taskFile } from 'nestjs-futures';
  import { EXECUTORS } from './executors.js';

  const tasks = taskFile<typeof import('./report.tasks.js')>(${url});

  async function main(): Promise<void> {
    const app = await NestFactory.createApplicationContext(FuturesModule.forRoot(), {
      logger: ['error', 'warn'],
      abortOnError: false,
    });
    const pool = app.get(WorkerPool);
    for (const executor of EXECUTORS) {
      console.log(executor, await pool.using({ executor }).run(tasks.describe, 1));
      console.log(await pool.using({ executor }).run(tasks.fail).catch((error: Error) => error.stack));
    }
    await app.close();
  }

  void main();
`;

const FILES = {
  'src/executors.ts': `export const EXECUTORS: readonly string[] = ['thread', 'process', 'inline'];`,
  'src/report.tasks.ts': `
    import { Level, type Unit } from './units.js';
    import { name } from './report.service.js';
    class Point {
      constructor(readonly x: number, private readonly unit: Unit = { level: Level.High }) {}
      get level() { return this.unit.level; }
    }
    export function describe(n: number): string {
      return \`\${new Point(n).level} \${name()}\`;
    }
    interface Filler {
      readonly a: string;
    }
    export function fail(filler?: Filler): never {
      throw new Error('failed ' + String(filler?.a));
    }
  `,
  'src/units.ts': `
    export enum Level { Low = 1, High = 7 }
    export interface Unit { readonly level: Level }
  `,
  'src/report.service.ts': `
    import 'reflect-metadata';
    import { Injectable } from '@nestjs/common';
    @Injectable()
    class NameService { name = 'by type'; }
    @Injectable()
    class ReportService {
      constructor(private readonly names: NameService) {}
    }
    export function name(): string {
      const types = Reflect.getMetadata('design:paramtypes', ReportService) as (typeof NameService)[];
      return types === undefined ? 'no metadata' : new types[0]!().name;
    }
  `,
};

const BY_URL = `new URL('./report.tasks.js', import.meta.url)`;
const BY_PATH = `require('node:path').join(__dirname, 'report.tasks.js')`;
// tsx compiles with esbuild, which emits no metadata.
const NO_METADATA = { ...NEST_OPTIONS, emitDecoratorMetadata: false };
const MODULE = { ...NEST_OPTIONS, module: 'nodenext', sourceMap: true };
const COMMONJS = { ...NEST_OPTIONS, module: 'commonjs', rootDir: '.', sourceMap: true };

const main = ['src/main.ts'];
const register = (name: string) => ['-r', name, ...main];
const load = (name: string) => ['--import', name, ...main];

/** As CommonJS projects write them; some loaders know no others there. */
function withoutExtensions(files: Readonly<Record<string, string>>): Record<string, string> {
  const rename = (code: string) => code.replace(/(from '\.\/[\w.]+)\.js'/g, "$1'");
  return Object.fromEntries(Object.entries(files).map(([name, code]) => [name, rename(code)]));
}

describe.each([
  ['tsx', 'module', ['tsx', 'typescript'], load('tsx'), NO_METADATA],
  ['tsx', 'commonjs', ['tsx', 'typescript'], load('tsx'), NO_METADATA],
  ['the command tsx', 'module', ['tsx'], ['node_modules/tsx/dist/cli.mjs', ...main], NO_METADATA],
  [
    '@swc-node/register',
    'module',
    ['@swc-node/register', '@swc/core', 'typescript'],
    load('@swc-node/register/esm-register'),
    MODULE,
  ],
  [
    '@swc-node/register',
    'commonjs',
    ['@swc-node/register', '@swc/core', 'typescript'],
    register('@swc-node/register'),
    COMMONJS,
  ],
  [
    'ts-node',
    'commonjs',
    ['ts-node', 'typescript', '@types/node'],
    register('ts-node/register/transpile-only'),
    COMMONJS,
  ],
  [
    'the command ts-node',
    'commonjs',
    ['ts-node', 'typescript'],
    ['node_modules/ts-node/dist/bin.js', '-T', ...main],
    COMMONJS,
  ],
] as const)('an app that is run by %s, as %s', (_name, type, packages, args, compilerOptions) => {
  it('runs tasks from sources on each executor', async () => {
    const files = { ...FILES, 'src/main.ts': MAIN(type === 'module' ? BY_URL : BY_PATH) };
    const project = await SourceProject.create({
      files: type === 'module' ? files : withoutExtensions(files),
      type,
      packages: [...NEST, ...packages],
      compilerOptions,
    });
    const output = await project.run(...args);
    const name = compilerOptions.emitDecoratorMetadata ? 'by type' : '(?:by type|no metadata)';
    for (const executor of ['thread', 'process', 'inline']) {
      expect(output).toMatch(new RegExp(`^${executor} 7 ${name}$`, 'm'));
    }
    const places = output.match(/report\.tasks\.ts:\d+:\d+/g);
    expect(places).toEqual(places?.map(() => 'report.tasks.ts:15:13'));
    expect(places?.length).toBeGreaterThanOrEqual(3);
  }, 60_000);
});
