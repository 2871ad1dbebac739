import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { ROOT } from './package/project.js';
import { request } from './support/app.js';

const run = promisify(execFile);

describe('the sample', () => {
  let server: ChildProcess;
  let url: string;

  beforeAll(async () => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [tsc, '-p', join(ROOT, 'sample')]);
    server = spawn(process.execPath, [join(ROOT, 'sample/dist/main.js')], {
      env: { ...process.env, PORT: '0', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    url = await listening(server);
  }, 120_000);

  afterAll(async () => {
    server.kill('SIGTERM');
    const [code] = (await once(server, 'close')) as [number | null];
    // It ends by itself: no thread, timer or socket keeps it.
    expect(code === 0 || server.signalCode === 'SIGTERM').toBe(true);
  }, 30_000);

  it('serves the page that is computed on the event loop, without computing it there', async () => {
    const page = await request(`${url}/`);
    const inline = await request(`${url}/inline`);
    expect([page.status, inline.status]).toEqual([200, 200]);
    expect(mainOf(page.text)).toBe(mainOf(inline.text));
    // The map and six charts.
    expect(mainOf(page.text).match(/<svg/g)).toHaveLength(7);
  }, 60_000);

  it('computes its portlets in one discarded pass, on several threads', async () => {
    const { headers } = await request(`${url}/`);
    const timing = headers.get('server-timing') ?? '';
    expect(timing.match(/\bpass\d/g)).toEqual(['pass1']);
    expect(timing.match(/\bfuture;/g)).toHaveLength(11);
    const threads = new Set(timing.match(/thread \d+/g));
    expect(threads.size).toBeGreaterThanOrEqual(Math.min(2, availableParallelism()));
  }, 60_000);

  it('renders a template whose helpers ask for futures', async () => {
    const { status, text } = await request(`${url}/brief`);
    expect(status).toBe(200);
    expect(mainOf(text).match(/<svg/g)).toHaveLength(3);
  }, 60_000);

  it('answers with declared futures, a chain, and the errors of tasks', async () => {
    expect(await request(`${url}/api/summary`)).toMatchObject({ status: 200 });
    expect(await request(`${url}/api/chain`)).toMatchObject({ status: 200, body: { passes: 3 } });
    expect(await request(`${url}/api/fails`)).toMatchObject({ status: 404 });
    expect(await request(`${url}/api/fails/plain`)).toMatchObject({ status: 500 });
    expect(await request(`${url}/ping`)).toMatchObject({ status: 200 });
  }, 60_000);
});

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

function mainOf(html: string): string {
  return /<main>.*<\/main>/s.exec(html)?.[0] ?? '';
}
