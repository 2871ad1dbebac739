import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HostileServer, LIMIT } from './server.js';
import { until } from '../support/wait.js';

/** Calls of a file that always fails to load. */
const CALLS = 40;

/** Ways in which a task file fails to load, and what is written in its place when the cause is gone. */
const FAILURES: Readonly<Record<string, string>> = {
  'throws while loading': `throw new Error('not ready');`,
  'waits in vain while loading': `await Promise.reject(new Error('not ready'));`,
  'throws null while loading': `throw null;`,
  'is half written': `export function add(a, b) { return`,
  'imports what is not there': `import './not-there.js';`,
};

/** A task file that a test writes; it notes each time that it is loaded. */
class TaskFile {
  readonly #folder = mkdtempSync(join(tmpdir(), 'nestjs-futures-loading-'));
  readonly #file = join(this.#folder, 'unsteady.tasks.mjs');
  readonly #cause = join(this.#folder, 'cause.mjs');
  readonly #loads = join(this.#folder, 'loads.txt');

  constructor(failure: string) {
    writeFileSync(this.#loads, '');
    writeFileSync(this.#cause, failure);
    const note = `(await import('node:fs')).appendFileSync(${JSON.stringify(this.#loads)}, '.');`;
    writeFileSync(
      this.#file,
      `${note}\nawait import('./cause.mjs?' + Date.now());\nexport const add = (a, b) => a + b;\n`,
    );
  }

  get url(): URL {
    return pathToFileURL(this.#file);
  }

  /** How often it was loaded. */
  get loads(): number {
    return readFileSync(this.#loads, 'utf8').length;
  }

  heal(): void {
    writeFileSync(this.#cause, '');
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

describe.each(['thread', 'process', 'inline'])('on %s, a task file', (executor) => {
  let server: HostileServer;
  let file: TaskFile;

  beforeAll(async () => {
    server = await HostileServer.start({ adapter: 'fastify' });
  });
  afterAll(() => server.kill());
  afterEach(() => file.remove());

  const add = () => server.run({ executor, file: file.url, task: 'add', args: [1, 2] });
  const isRight = ({ status, body }: { status: number; body: string }) =>
    status === 200 && body === '{"value":3}';

  it.each(Object.keys(FAILURES))('that %s is loaded again by the next call', async (failure) => {
    file = new TaskFile(FAILURES[failure] as string);
    expect(await add()).toMatchObject({ status: 500, code: 'ERR_FUTURES_UNKNOWN_TASK' });
    file.heal();
    expect(await add()).toMatchObject({ status: 200, body: '{"value":3}' });
    await server.expectInnocent(executor);
  });

  it('that always fails is not loaded for every call, and works again once the cause is gone', async () => {
    file = new TaskFile(FAILURES['throws while loading'] as string);
    for (let i = 0; i < CALLS; i++) {
      expect(await add()).toMatchObject({ status: 500, code: 'ERR_FUTURES_UNKNOWN_TASK' });
    }
    expect(file.loads).toBeLessThan(CALLS / 2);
    await server.expectInnocent(executor);
    file.heal();
    await until('the healed file to be loaded again', async () => isRight(await add()), 2 * LIMIT);
  }, 90_000);
});
