import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { request } from '../support/app.js';
import { ROOT } from '../support/project.js';

const run = promisify(execFile);
const IMPORTS = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FuturesModule } from 'nestjs-futures';
`;
const BOOTSTRAP = `
@Module({ imports: [FuturesModule.forRoot()], controllers: [PageController] })
class AppModule {}
const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
console.log(await app.getUrl());
`;

describe('README', () => {
  let folder: string;
  let readme: string;

  beforeAll(async () => {
    readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    // Within the package, whose name then leads to what is built.
    folder = await mkdtemp(join(ROOT, 'test/package/.readme-'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('shows an example that compiles and prints the output it shows', async () => {
    const [taskFile, controller] = codeBlocks(readme, 'ts');
    const [session] = codeBlocks(readme, 'console');
    const [, path, output] = /^\$ curl localhost:3000(\S+)\n(.*)$/s.exec(session ?? '') ?? [];
    await writeFile(join(folder, 'print.tasks.ts'), taskFile ?? '');
    await writeFile(join(folder, 'page.controller.ts'), `${IMPORTS}${controller}${BOOTSTRAP}`);
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(ROOT, 'tsconfig.json'),
        compilerOptions: { rootDir: '.', outDir: '.', noEmit: false, types: ['node'] },
        include: ['*.ts'],
      }),
    );
    await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder]);

    const server = spawn(process.execPath, [join(folder, 'page.controller.js')]);
    try {
      const [url] = (await once(createInterface(server.stdout), 'line')) as [string];
      expect((await request(`${url}${path}`)).text).toBe(output);
    } finally {
      server.kill('SIGKILL');
      await once(server, 'close');
    }
  }, 60_000);

  it('names every option, and every member of FuturesService', async () => {
    const { resolveOptions } = await import('../../src/request/futures.options.js');
    const { FuturesService } = await import('../../src/index.js');
    const members = Object.getOwnPropertyNames(FuturesService.prototype);
    for (const name of [...Object.keys(resolveOptions()), ...members]) {
      if (name !== 'constructor') expect(readme).toContain(`\`${name}`);
    }
  });

  it('is at most 200 lines long', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(200);
  });
});

function codeBlocks(markdown: string, language: string): string[] {
  const blocks = markdown.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'));
  return Array.from(blocks, ([, code = '']) => code);
}
