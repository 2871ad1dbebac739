import { taskFile, UnknownTaskError } from '../../../src/index.js';
import type { AnyFunction } from '../../../src/wire/protocol.js';
import { call, run, startThreads } from '../../support/executors.js';
import { SourceProject, type SourceProjectOptions } from '../../support/source-project.js';

/** Runs a task of a project that holds these files; resolves to its value, or its error. */
async function runIn(
  options: SourceProjectOptions,
  exportName = 'task',
  file = 'src/x.tasks.js',
): Promise<unknown> {
  const project = await SourceProject.create({ packages: ['@swc/core'], ...options });
  const tasks = taskFile<Record<string, AnyFunction>>(project.path(file));
  const [value] = await run(startThreads({ max: 1 }), call(tasks[exportName]!, []));
  return value;
}

const TASK = `export const task = (n: number = 1): number => n;`;

describe('a task file from its source', () => {
  it.each(['a b', 'a#b', 'a?b', '100%', '%20', 'é', '日本語', "it's", '[id]'])(
    'runs in a folder that is named "%s"',
    async (name) => {
      const files = {
        'src/x.tasks.ts': `import { one } from './one.js'; import { two } from './two'; export const task = (): number => one + two;`,
        'src/one.ts': `export const one: number = 1;`,
        'src/two.ts': `export const two: number = 2;`,
      };
      expect(await runIn({ name, files, type: 'module' })).toBe(3);
      expect(await runIn({ name, files, type: 'commonjs' })).toBe(3);
    },
  );

  it.each([
    [
      'x.tasks.mts',
      'x.tasks.mjs',
      `export const task = (): string => typeof import.meta.url;`,
      'string',
    ],
    [
      'x.tasks.cts',
      'x.tasks.cjs',
      `export const task = (): string => typeof __filename;`,
      'string',
    ],
  ])('is %s for %s, whatever the package says', async (source, built, code, value) => {
    for (const type of ['module', 'commonjs'] as const) {
      expect(
        await runIn({ type, files: { [`src/${source}`]: code } }, 'task', `src/${built}`),
      ).toBe(value);
    }
  });

  it('imports modules of the other format', async () => {
    const files = {
      'src/x.tasks.cts': `import { a } from './a.mjs'; export const task = (): number => a;`,
      'src/y.tasks.mts': `import b from './b.cjs'; export const task = (): number => b.b;`,
      'src/a.mts': `export const a: number = 1;`,
      'src/b.cts': `export const b: number = 2;`,
    };
    expect(await runIn({ files }, 'task', 'src/x.tasks.cjs')).toBe(1);
    expect(await runIn({ files }, 'task', 'src/y.tasks.mjs')).toBe(2);
  });

  const kind = { 'src/x.tasks.ts': `export const task = (): string => typeof require;` };
  it.each([
    ['CommonJS without a type', {}, 'function'],
    [
      'CommonJS for "nodenext" without a type',
      { compilerOptions: { module: 'nodenext' } },
      'function',
    ],
    [
      'an ES module without a type, if tsc makes one',
      { compilerOptions: { module: 'ESNext' } },
      'undefined',
    ],
    ['an ES module by its type', { type: 'module' as const }, 'undefined'],
  ])('is %s', async (_name, options, value) => {
    expect(await runIn({ files: kind, ...options })).toBe(value);
  });

  it.each(['module', 'commonjs'] as const)(
    'finds modules by paths and baseUrl, in a %s project',
    async (type) => {
      const files = {
        'apps/api/src/x.tasks.ts': `
        import { a } from '@app/common';
        import { b } from '@app/common/deep/b.js';
        import { c } from 'libs/other/c';
        import { d } from './folder';
        import data from './data.json' with { type: 'json' };
        export const task = (): string => a + b + c + d + data.e;
      `,
        'apps/api/src/data.json': `{ "e": "e" }`,
        'apps/api/src/folder/index.ts': `export const d: string = 'd';`,
        'libs/common/src/index.ts': `export const a: string = 'a';`,
        'libs/common/src/deep/b.ts': `export const b: string = 'b';`,
        'libs/other/c.ts': `export const c: string = 'c';`,
        'tsconfig.base.json': `{
        // As the Nest CLI writes it, with a comment and a comma too many.
        "compilerOptions": {
          "baseUrl": "./", /* "of this file" */
          "paths": { "@app/common": ["libs/common/src"], "@app/common/*": ["libs/common/src/*"], },
        },
      }`,
        'tsconfig.json': `{ "extends": "./tsconfig.base", "compilerOptions": { "module": "commonjs" } }`,
      };
      expect(await runIn({ type, files }, 'task', 'apps/api/src/x.tasks.js')).toBe('abcde');
    },
  );

  it('is preferred to nothing: a built file runs, and no compiler is looked for', async () => {
    const files = {
      'src/x.tasks.js': `exports.task = () => 'built';`,
      'src/x.tasks.ts': 'not( TypeScript',
    };
    expect(await runIn({ files, packages: [] })).toBe('built');
  });

  it('may hold JSX, if its project compiles it', async () => {
    const files = {
      'src/x.tasks.tsx': `
        const h = (tag: string, props: object | null, ...children: string[]) => \`\${tag}:\${children.join('')}\`;
        export const task = (): string => <p>hello</p> as unknown as string;
      `,
    };
    for (const packages of [['@swc/core'], ['typescript'], ['esbuild']]) {
      const compilerOptions = { jsx: 'react', jsxFactory: 'h' };
      expect(await runIn({ files, packages, compilerOptions })).toBe('p:hello');
    }
    const error = await runIn({ files, compilerOptions: {} });
    expect(error).toBeInstanceOf(UnknownTaskError);
    expect((error as Error).message).toMatch(/x\.tasks\.tsx may hold JSX.*"jsx"/);
  });

  it('runs with esbuild, if nothing asks for metadata', async () => {
    const files = {
      'src/x.tasks.ts': `
        enum Level { High = 7 }
        class Point { constructor(readonly level: Level) {} }
        export const task = async (): Promise<string> =>
          (await import('./name.js')).name + new Point(Level.High).level;
      `,
      'src/name.ts': `export const name: string = 'level ';`,
    };
    for (const type of ['module', 'commonjs'] as const) {
      expect(await runIn({ type, files, packages: ['esbuild'] })).toBe('level 7');
      expect(await runIn({ type, files, packages: ['tsx'] })).toBe('level 7');
    }
  });
});

describe('a source that cannot run', () => {
  const decorated = `
    const d = (target: unknown) => target as never;
    @d class Service { constructor(readonly other: Other) {} }
    class Other {}
    export const task = () => Service;
  `;

  it.each([
    [
      'has a syntax error',
      'export const task = ;',
      ['@swc/core'],
      /x\.tasks\.ts:1: Expression expected\.$/,
    ],
    [
      'has a syntax error, for typescript',
      'export const task = ;',
      ['typescript'],
      /x\.tasks\.ts:1:21: Expression expected/,
    ],
    [
      'has a syntax error, for esbuild',
      'export const task = ;',
      ['esbuild'],
      /x\.tasks\.ts:1:21: Unexpected/,
    ],
    [
      'throws while it is loaded',
      `throw new Error('no licence');`,
      ['@swc/core'],
      /x\.tasks\.ts.*cannot be loaded: no licence/,
    ],
    [
      'imports what is not there',
      `import { a } from './lost.js'; export const task = () => a;`,
      ['@swc/core'],
      /x\.tasks\.ts.*cannot be loaded: .*lost/,
    ],
    [
      'needs metadata that esbuild does not emit',
      decorated,
      ['esbuild'],
      /has decorators, and esbuild cannot emit.*npm i -D @swc\/core/,
    ],
  ])('is named, with the reason, if it %s', async (_name, code, packages, message) => {
    for (const type of ['module', 'commonjs'] as const) {
      const error = await runIn({ type, packages, files: { 'src/x.tasks.ts': code } });
      expect(error).toBeInstanceOf(UnknownTaskError);
      expect((error as Error).message).toMatch(message);
    }
  });

  it.each([
    ['is not valid JSON', '{ "compilerOptions": ', /tsconfig\.json is not valid/],
    ['extends a file that is not there', '{ "extends": "./lost" }', /lost\.json cannot be read/],
    [
      'extends a package that is not there',
      '{ "extends": "@tsconfig/lost" }',
      /tsconfig\.json extends "@tsconfig\/lost", which is not installed/,
    ],
    ['extends itself', '{ "extends": "./tsconfig" }', /tsconfig\.json extends itself/],
  ])('is named if its tsconfig.json %s', async (_name, tsconfig, message) => {
    const error = await runIn({ files: { 'src/x.tasks.ts': TASK, 'tsconfig.json': tsconfig } });
    expect(error).toBeInstanceOf(UnknownTaskError);
    expect((error as Error).message).toMatch(message);
  });

  it('says what to install if there is no compiler', async () => {
    const error = await runIn({
      files: { 'src/x.tasks.ts': `enum E { A } ${TASK}\nconst d: any = null; @d class X {}` },
      packages: [],
    });
    expect(error).toBeInstanceOf(UnknownTaskError);
    expect((error as Error).message).toMatch(
      /x\.tasks\.ts.*Install .*"npm i -D @swc\/core" or "npm i -D typescript"/,
    );
  });

  it('is tried again after it was fixed', async () => {
    const project = await SourceProject.create({
      packages: ['@swc/core'],
      files: { 'src/x.tasks.ts': 'export const task = ;' },
    });
    const tasks = taskFile<{ task(): number }>(project.path('src/x.tasks.js'));
    const threads = startThreads({ max: 1 });
    expect(await run(threads, call(tasks.task, []))).toEqual([expect.any(UnknownTaskError)]);
    await project.write({ 'src/x.tasks.ts': TASK });
    expect(await run(threads, call(tasks.task, []))).toEqual([1]);
  });
});
