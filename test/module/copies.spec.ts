import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/project.js';

const run = promisify(execFile);

/** A library whose service injects what it loads as nestjs-futures. */
const LIBRARY = `
  const { FuturesService, ...futures } = require('nestjs-futures');
  class Reports {}
  Reflect.defineMetadata('design:paramtypes', [FuturesService], Reports);
  module.exports = { ...futures, FuturesService, Reports };`;

const START = `
  import 'reflect-metadata';
  import { Controller, Get, Module, Req } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import * as futures from 'nestjs-futures';
  async function start(...providers) {
    class App {}
    Module({ imports: [futures.FuturesModule.forRoot()], providers })(App);
    const app = await NestFactory.create(App, { logger: false, abortOnError: false });
    await app.close();
  }`;

describe('two copies of the package in one process', () => {
  let folder: string;
  const own = join(ROOT, 'dist/core.js');
  const commonjs = join(ROOT, 'dist/core.cjs');

  beforeAll(async () => {
    // Below the root, so that its files find this package by its name, and the same Nest.
    folder = await mkdtemp(join(ROOT, 'test/module/.copies-'));
    await writeFile(join(folder, 'library.cjs'), LIBRARY);
    // A copy that a dependency brings along.
    const copy = join(folder, 'dependency/node_modules/nestjs-futures');
    await cp(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true });
    await cp(join(ROOT, 'package.json'), join(copy, 'package.json'));
    await writeFile(join(folder, 'dependency/package.json'), '{}');
    await writeFile(join(folder, 'dependency/library.mjs'), `export * from 'nestjs-futures';`);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** What an app prints; the message if it fails. */
  async function outputOf(script: string): Promise<string> {
    const file = join(folder, 'main.mjs');
    const program = `${START}
      try {${script}} catch ({ code, message }) { console.log(code, message); }`;
    await writeFile(file, program);
    const flags = ['--disable-warning=ExperimentalWarning', file];
    return (await run(process.execPath, flags, { timeout: 20_000 })).stdout;
  }

  const both = (first: string, second: string, fix: string): RegExp =>
    new RegExp(`^ERR_FUTURES_OPTIONS .*two copies.*${first} and ${second}\\..*${fix}`, 's');

  it('fail at startup if a library requires what the app imports, and the error says how to fix it', async () => {
    const output = await outputOf(`
      const { Reports } = (await import('./library.cjs')).default;
      await start(Reports);`);
    expect(output).toMatch(both(own, commonjs, 'builds for import and for require'));
  });

  it('fail with that error if forRoot() was called before the library was loaded', async () => {
    const output = await outputOf(`
      const early = futures.FuturesModule.forRoot();
      futures.FuturesModule.forRoot = () => early;
      const { Reports } = (await import('./library.cjs')).default;
      await start(Reports);`);
    expect(output).toMatch(both(own, commonjs, 'builds for import and for require'));
  });

  it('fail if a dependency brings its own, with the commands that find it', async () => {
    const output = await outputOf(`
      const { FuturesModule } = await import('./dependency/library.mjs');
      class Feature {}
      Module({ imports: [FuturesModule.forRoot()] })(Feature);`);
    const copy = join(folder, 'dependency/node_modules/nestjs-futures/dist/core.js');
    expect(output).toMatch(both(own, copy, 'npm ls nestjs-futures'));
  });

  it('may both be loaded if no app starts: the guards of one know the errors of the other', async () => {
    const output = await outputOf(`
      const other = (await import('./library.cjs')).default;
      const error = new futures.FuturesArgumentError('wrong');
      console.log(other.isFuturesException(error), error instanceof other.FuturesException);
      console.log(other.FuturesService === futures.FuturesService);`);
    expect(output).toBe('true true\nfalse\n');
  });

  it('may both be loaded once the app runs: passOf() of one finds the pass of the other', async () => {
    const output = await outputOf(`
      class Desk {
        async page(request, service) {
          const other = (await import('./library.cjs')).default;
          service.resultOrSubmit('one', 0, () => 1);
          return [futures.passOf(request), other.passOf(request)];
        }
      }
      class App {}
      Controller()(Desk);
      Get()(Desk.prototype, 'page', Object.getOwnPropertyDescriptor(Desk.prototype, 'page'));
      Req()(Desk.prototype, 'page', 0);
      futures.Futures()(Desk.prototype, 'page', 1);
      Module({ imports: [futures.FuturesModule.forRoot()], controllers: [Desk] })(App);
      const app = await NestFactory.create(App, { logger: false, abortOnError: false });
      await app.listen(0, '127.0.0.1');
      console.log(await (await fetch(await app.getUrl())).text());
      await app.close();`);
    expect(output).toBe('[2,2]\n');
  });

  it('do not arise if one file is loaded twice, as development servers and test runners do', async () => {
    const output = await outputOf(`
      await import(${JSON.stringify(`${own}?t=1`)});
      await start();
      await start();
      console.log('started');`);
    expect(output).toBe('started\n');
  });

  it('do not arise through a symbolic link', async () => {
    await symlink(ROOT, join(folder, 'link'));
    const output = await outputOf(`
      await import('./link/dist/index.js');
      await start();
      console.log('started');`);
    expect(output).toBe('started\n');
  });
});
