import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rewriteCalls } from '../../src/bundler/rewrite.js';

const folder = mkdtempSync(join(tmpdir(), 'nestjs-futures-'));
const FILES = [
  'app/report.tasks.ts',
  'app/other.tasks.js',
  'app/a b.tasks.mts',
  'lib/sum.tasks.cts',
];
for (const file of FILES) {
  mkdirSync(join(folder, file, '..'), { recursive: true });
  writeFileSync(join(folder, file), '');
}
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Rewritten {
  readonly code: string | undefined;
  readonly emitted: string[];
  readonly warnings: string[];
  readonly errors: string[];
}

/** What becomes of a module; each file that is emitted is shown as `<its path>`. */
async function rewrite(code: string, name = 'app/main.ts'): Promise<Rewritten> {
  const result = { emitted: [] as string[], warnings: [] as string[], errors: [] as string[] };
  const rewritten = await rewriteCalls(code, join(folder, name), {
    resolve: async (specifier) =>
      specifier === '@lib/sum' ? join(folder, 'lib/sum.tasks.cts') : undefined,
    emit: (file) => {
      const path = file.slice(folder.length + 1);
      result.emitted.push(path);
      return `<${path}>`;
    },
    emitEntry: () => '',
    warn: (message) => result.warnings.push(message),
    error: (message) => result.errors.push(message),
  });
  return { code: rewritten, ...result };
}

const ESM = `import { taskFile } from 'nestjs-futures';\n`;
const URL_OF_REPORT = `new URL('./report.tasks.js', import.meta.url)`;

describe('the plugin for bundlers finds', () => {
  it.each([
    ['a URL', `taskFile(${URL_OF_REPORT})`],
    ['a type argument', `taskFile<typeof import('./report.tasks.js')>(${URL_OF_REPORT})`],
    [
      'a nested type argument',
      `taskFile<{ f(a: Map<string, Array<number>>): (b: 1) => 2 }>(${URL_OF_REPORT})`,
    ],
    ['options', `taskFile(${URL_OF_REPORT}, { idempotent: true })`],
    ['a source', `taskFile(new URL('./report.tasks.ts', import.meta.url))`],
    ['no extension', `taskFile(require.resolve('./report.tasks'))`],
    ['no dot', `taskFile(new URL('report.tasks.js', import.meta.url))`],
    ['the parent folder', `taskFile(new URL('../app/report.tasks.js', import.meta.url))`],
    ['a template', 'taskFile(new URL(`./report.tasks.js`, import.meta.url))'],
    ['the text of a URL', `taskFile(${URL_OF_REPORT}.href)`],
    ['the path of a URL', `taskFile(fileURLToPath(${URL_OF_REPORT}))`],
    ['import.meta.resolve()', `taskFile(import.meta.resolve('./report.tasks.js'))`],
    ['import.meta.dirname', `taskFile(path.join(import.meta.dirname, 'report.tasks.js'))`],
    ['types', `taskFile((${URL_OF_REPORT} as URL)!)`],
    ['a constant', `const file = ${URL_OF_REPORT};\ntaskFile(file)`],
    [
      'a constant part',
      `const name = 'report';\ntaskFile(new URL('./' + name + '.tasks.js', import.meta.url))`,
    ],
    [
      'a comment',
      `taskFile(\n// new URL('./other.tasks.js', import.meta.url)\n${URL_OF_REPORT},\n)`,
    ],
    [
      'a field of a class',
      `class A { @Inject() tasks = taskFile(${URL_OF_REPORT}); constructor(private readonly b: B) {} }`,
    ],
    ['a regular expression before', `const r = /["'\`]/g; taskFile(${URL_OF_REPORT})`],
  ])('a call with %s', async (_name, code) => {
    const { code: rewritten, ...result } = await rewrite(ESM + code);
    expect(result).toEqual({ emitted: ['app/report.tasks.ts'], warnings: [], errors: [] });
    expect(rewritten).toContain('<app/report.tasks.ts>');
    expect(rewritten).toContain('{ name: "report"');
    expect(rewritten).not.toMatch(/^[^/]*report\.tasks\.js/m);
  });

  it.each([
    ['renamed', `import { taskFile as load } from 'nestjs-futures'; load(${URL_OF_REPORT})`],
    ['of a namespace', `import * as f from 'nestjs-futures'; f.taskFile(${URL_OF_REPORT})`],
    [
      'of a require()',
      `import f = require('nestjs-futures'); f.taskFile(require.resolve('./report.tasks'))`,
    ],
  ])('a call by an import that is %s', async (_name, code) => {
    expect(await rewrite(code)).toMatchObject({ emitted: ['app/report.tasks.ts'], warnings: [] });
  });

  it.each([
    [
      'by hand',
      `const { taskFile: load } = require('nestjs-futures'); load(require.resolve('./report.tasks'))`,
    ],
    ['at once', `require('nestjs-futures').taskFile(require.resolve('./report.tasks.js'))`],
    [
      'by tsc',
      `const nestjs_futures_1 = require("nestjs-futures");\nconst t = (0, nestjs_futures_1.taskFile)(require.resolve('./report.tasks'));`,
    ],
    [
      'by swc',
      `const _n = /*#__PURE__*/ _interop_require_wildcard(require("nestjs-futures"));\n(0, _n.taskFile)(require.resolve('./report.tasks'))`,
    ],
    [
      'with __dirname',
      `const { taskFile } = require('nestjs-futures'); taskFile(path.join(__dirname, 'report.tasks.js'))`,
    ],
    [
      'with __dirname and text',
      `const { taskFile } = require('nestjs-futures'); taskFile(__dirname + '/report.tasks.js')`,
    ],
    [
      'with a template',
      'const { taskFile } = require("nestjs-futures"); taskFile(`${__dirname}/report.tasks.js`)',
    ],
    [
      'with a URL',
      `const { taskFile } = require('nestjs-futures'); taskFile(new node_url_1.URL('./report.tasks.js', (0, node_url_1.pathToFileURL)(__filename)))`,
    ],
  ])('a call in CommonJS, written %s', async (_name, code) => {
    expect(await rewrite(code, 'app/main.js')).toMatchObject({
      emitted: ['app/report.tasks.ts'],
      warnings: [],
      errors: [],
    });
  });

  it('several calls, files of other kinds and those that the bundler resolves', async () => {
    const { emitted, code } = await rewrite(
      `${ESM}const a = taskFile(new URL('./other.tasks.js', import.meta.url));
       const b = taskFile(new URL('./a%20b.tasks.mjs', import.meta.url), options);
       const c = taskFile(require.resolve('@lib/sum'));
       const d = taskFile(new URL('../lib/sum.tasks.cjs', import.meta.url), { name: 'd' });`,
    );
    expect(emitted).toEqual([
      'app/other.tasks.js',
      'app/a b.tasks.mts',
      'lib/sum.tasks.cts',
      'lib/sum.tasks.cts',
    ]);
    expect(code).toContain('{ name: "a b", ...(options) }');
    expect(code).toContain(`{ name: "sum", ...({ name: 'd' }) }`);
  });

  it('and leaves every line where it is', async () => {
    const source = `${ESM}taskFile(\n  new URL(\n    './report.tasks.js',\n    import.meta.url,\n  ),\n);\nthrow new Error('line 8');`;
    const { code } = await rewrite(source);
    expect(code?.split('\n').findIndex((line) => line.includes('line 8'))).toBe(7);
  });

  it.each([
    ['another function of that name', `function taskFile(x) {} taskFile(${URL_OF_REPORT})`],
    ['that of another package', `import { taskFile } from 'other'; taskFile(${URL_OF_REPORT})`],
    ['text', `${ESM}const text = "taskFile(new URL('./report.tasks.js', import.meta.url))";`],
    ['a comment', `${ESM}// taskFile(${URL_OF_REPORT})`],
  ])('nothing in %s', async (_name, code) => {
    expect(await rewrite(code)).toEqual({ code: undefined, emitted: [], warnings: [], errors: [] });
  });
});

describe('the plugin for bundlers warns, and says what to write,', () => {
  it.each([
    ['of a variable', `export const load = (file) => taskFile(file);`, 'file'],
    [
      'of a parameter that hides a constant',
      `const file = ${URL_OF_REPORT}; const load = (file) => taskFile(file);`,
      'file',
    ],
    ['of a variable that changes', `let file = ${URL_OF_REPORT}; taskFile(file);`, 'file'],
    [
      'of a part that is a variable',
      'taskFile(new URL(`./${name}.tasks.js`, import.meta.url))',
      'new URL(',
    ],
    ['of another base', `taskFile(new URL('./report.tasks.js', base))`, 'new URL('],
    ['of a call', `taskFile(find('report'))`, `find('report')`],
  ])('%s', async (_name, code, shown) => {
    const { warnings, ...result } = await rewrite(`${ESM}\n${code}`);
    expect(result).toEqual({ code: undefined, emitted: [], errors: [] });
    expect(warnings).toEqual([expect.stringContaining(shown)]);
    expect(warnings[0]).toContain(`${join(folder, 'app/main.ts')}:3`);
    expect(warnings[0]).toContain(`taskFile(new URL('./report.tasks.js', import.meta.url))`);
    expect(warnings[0]).toContain(`taskFile(require.resolve('./report.tasks'))`);
  });

  it('of code that it cannot parse', async () => {
    const { warnings } = await rewrite(`${ESM}taskFile(`);
    expect(warnings).toEqual([expect.stringContaining('cannot be parsed')]);
  });
});

it('the plugin for bundlers fails the build if a task file is not there', async () => {
  const { errors } = await rewrite(
    `${ESM}taskFile(new URL('./nowhere.tasks.js', import.meta.url))`,
  );
  expect(errors).toEqual([
    expect.stringMatching(/main\.ts:2: there is no file ".\/nowhere.tasks.js"/),
  ]);
});
