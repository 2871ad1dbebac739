import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createProject, pack, type Project } from '../support/project.js';

/** What an app's author sets, with every check there is; `skipLibCheck` would hide our mistakes. */
const STRICT = {
  target: 'es2023',
  lib: ['es2023'],
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  skipLibCheck: false,
  noEmit: true,
};
const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');

describe.each([11, 12] as const)('the packed package, in an app on Nest %i', (nest) => {
  let project: Project;

  beforeAll(async () => {
    const { tarball } = await pack();
    const dependencies = { 'nestjs-futures': `file:${tarball}`, '@types/node': '^20.19.0' };
    project = await createProject(new URL('./apps/', import.meta.url), nest, dependencies);
  }, 180_000);

  it.each([
    ['import', 'esm.mjs'],
    ['require', 'cjs.cjs'],
  ])(
    'serves values from worker threads and processes, loaded by %s, and lets the process exit',
    async (_, app) => {
      const { stdout, stderr } = await project.run(app);
      expect(stderr).toBe('');
      const { pid, ...answers } = JSON.parse(stdout) as { pid: number };
      const ofThread = { isMainThread: false, pid, isAborted: false };
      const ofProcess = { isMainThread: true, pid: expect.any(Number), isAborted: false };
      expect(answers).toEqual({
        replayed: { status: 200, body: { report: { sum: 42, ...ofThread }, pass: 2 } },
        processed: { status: 200, body: { sum: 7, ...ofProcess } },
        declared: { status: 200, body: { report: { sum: 3, ...ofThread } } },
        injected: { status: 404, body: expect.objectContaining({ message: 'No report' }) },
      });
      expect(answers).not.toMatchObject({ processed: { body: { pid } } });
    },
    60_000,
  );

  it.each([
    ['by import and by require', 'nodenext', ['consumer.mts', 'consumer.cts']],
    ['by a bundler', 'bundler', ['consumer.mts']],
    ['by a compiler that does not read exports', 'node10', ['consumer.cts']],
  ])(
    'has types that compile strictly, loaded %s',
    async (_, moduleResolution, files) => {
      const module =
        { bundler: 'esnext', node10: 'commonjs' }[moduleResolution] ?? moduleResolution;
      // For node10, which TypeScript 7 drops.
      const ignoreDeprecations = '6.0';
      const compilerOptions = { ...STRICT, module, moduleResolution, ignoreDeprecations };
      const config = JSON.stringify({ compilerOptions, files });
      await writeFile(join(project.folder, 'tsconfig.json'), config);
      expect(await compile(project)).toEqual([]);
    },
    60_000,
  );
});

/** The compiler's errors in our types and in their consumer; other packages answer for their own. */
async function compile(project: Project): Promise<string[]> {
  const { stdout } = await project.run(TSC, '-p', '.', '--pretty', 'false').catch(toOutput);
  return stdout
    .split('\n')
    .filter((line) => /^(consumer|node_modules\/nestjs-futures\/|error)/.test(line));
}

/** The output of a compiler that found errors; anything else that went wrong is thrown. */
function toOutput(error: unknown): { stdout: string } {
  const { code, stdout } = error as { code?: unknown; stdout?: string };
  if (typeof code !== 'number' || !stdout) throw error;
  return { stdout };
}
