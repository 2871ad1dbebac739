import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';
import { createProject, pack, ROOT } from '../support/project.js';

/** The example of docs/operations.md that imports this. */
async function exampleWith(specifier: string): Promise<string> {
  const docs = await readFile(join(ROOT, 'docs/operations.md'), 'utf8');
  const examples = [...docs.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
  const found = examples.find((code) => code.includes(`'${specifier}'`));
  if (found === undefined) throw new Error(`docs/operations.md has no example of ${specifier}.`);
  return found;
}

describe('the examples of docs/operations.md', () => {
  it.each([
    [11, 'CommonJS', 'commonjs', '^11.0.0'],
    [12, 'ES modules', 'module', '^12.0.0'],
  ] as const)(
    'serve metrics and probes, on Nest %i in %s',
    async (nest, _format, type, terminus) => {
      const { tarball } = await pack();
      const project = await createProject(new URL('./operations-app/', import.meta.url), nest, {
        'nestjs-futures': `file:${tarball}`,
        '@nestjs/terminus': terminus,
        'prom-client': '^15.0.0',
      });
      const { folder } = project;
      const sources = {
        main: await readFile(join(folder, 'main.ts'), 'utf8'),
        prometheus: await exampleWith('nestjs-futures/prometheus'),
        health: await exampleWith('nestjs-futures/health'),
      };
      await rm(join(folder, 'main.ts'));
      const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as object;
      await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, type }));
      for (const [name, source] of Object.entries(sources)) {
        const { outputText } = ts.transpileModule(source, {
          compilerOptions: {
            target: ts.ScriptTarget.ES2022,
            module: type === 'module' ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS,
            experimentalDecorators: true,
            emitDecoratorMetadata: true,
          },
        });
        await writeFile(join(folder, `${name}.js`), outputText);
      }
      const { stdout, stderr } = await project.run('main.js');
      expect(stderr).toBe('');
      const answers = JSON.parse(stdout) as Record<string, [status: number, text: string]>;
      const up = [200, expect.stringContaining('"futures":{"status":"up"}')];
      expect(answers).toEqual({
        '/health/live': up,
        '/health/ready': up,
        '/metrics': [
          200,
          expect.stringContaining(
            'nestjs_futures_calls_total{executor="inline",task="answer",outcome="resolved"} 1',
          ),
        ],
      });
    },
    180_000,
  );
});
