import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** An app that holds nothing else: what awaits its end must go on nevertheless. */
const APP = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FuturesModule } from 'nestjs-futures';
class App {}
Module({ imports: [FuturesModule.forRoot(JSON.parse(process.argv[1]))] })(App);
const app = await NestFactory.create(App, { logger: false });
await app.init();
await app.close();
console.log('closed');
`;

it.each([
  ['processes', { processes: { min: 1, max: 1 } }],
  ['threads', { threads: { min: 1, max: 1 } }],
  ['no workers', {}],
])(
  'app.close() returns in an app that holds nothing else: %s',
  async (_, options) => {
    const cwd = fileURLToPath(new URL('../../', import.meta.url));
    const args = ['--input-type=module', '-e', APP, JSON.stringify(options)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 30_000 });
    expect(stdout).toBe('closed\n');
  },
  40_000,
);
