import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { ROOT } from './project.js';

const run = promisify(execFile);

/** The sample, running in a process of its own. */
export interface Sample {
  readonly server: ChildProcess;
  readonly url: string;
}

/** One suite only may do so: others would find half of a file. */
export async function compileSample(): Promise<void> {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', join(ROOT, 'sample')]);
}

/** With the embedded database, unless told of another. */
export async function startSample(env: { DATABASE_URL?: string } = {}): Promise<Sample> {
  const { DATABASE_URL: _, ...inherited } = process.env;
  const server = spawn(process.execPath, [join(ROOT, 'sample/dist/main.js')], {
    env: { ...inherited, ...env, PORT: '0', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { server, url: await listening(server) };
}

/** It ends by itself: no thread, timer or socket keeps it, and closing its databases is no crash. */
export async function stopSample({ server }: Sample): Promise<void> {
  server.kill('SIGTERM');
  const [code, signal] = (await once(server, 'close')) as [number | null, string | null];
  expect(code === 0 || signal === 'SIGTERM').toBe(true);
}

async function listening(server: ChildProcess): Promise<string> {
  if (server.stdout === null) throw new Error('The sample prints nothing.');
  for await (const line of createInterface(server.stdout)) {
    const url = /http:\/\/localhost:\d+/.exec(line)?.[0];
    if (url !== undefined) {
      server.stdout.resume();
      return url;
    }
  }
  throw new Error('The sample has ended.');
}

/** What a page of the sample shows, without what tells of times. */
export function mainOf(html: string): string {
  return /<main>.*<\/main>/s.exec(html)?.[0] ?? '';
}
