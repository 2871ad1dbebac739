import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { ReplayMode } from '../../src/index.js';
import { request, type AdapterName } from '../support/app.js';
import { REPLAY_MODES } from '../support/interceptor-places.js';

const program = fileURLToPath(new URL('../fixtures/early-promise-app.js', import.meta.url));

interface Setting {
  readonly adapter: AdapterName;
  readonly replay: ReplayMode;
  readonly scope: 'request' | 'singleton';
  /** Whether the app listens for unhandled rejections itself. */
  readonly listener?: boolean;
}

interface Process {
  get(path: string): Promise<unknown>;
  /** Lets it end; how it ended, and what it printed. */
  end(): Promise<{ code: number | null; output: string; errors: string }>;
}

const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});

async function start(setting: Setting, flags: readonly string[] = []): Promise<Process> {
  const child = fork(program, [JSON.stringify(setting)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [...flags],
  });
  running.add(child);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const output = text(child.stdout as NodeJS.ReadableStream);
  const errors = text(child.stderr as NodeJS.ReadableStream);
  const [url] = (await once(child, 'message')) as [string];
  return {
    get: async (path) =>
      (await request(`${url}/${path}`, { signal: AbortSignal.timeout(10_000) })).body,
    end: async () => {
      if (child.connected) child.disconnect();
      const [code] = await exited;
      return { code, output: await output, errors: await errors };
    },
  };
}

const adapters = ['express', 'fastify'] as const;
const settings = adapters.flatMap((adapter) =>
  REPLAY_MODES.flatMap((replay) =>
    (['request', 'singleton'] as const).map((scope) => ({ adapter, replay, scope })),
  ),
);
const settingsWithContext = settings.filter(({ scope }) => scope === 'singleton');
const name = ({ adapter, replay, scope }: Setting) => `${adapter}, ${replay}, ${scope}`;

describe('a promise that a discarded pass left behind', () => {
  it.each(settings.map((setting) => [name(setting), setting] as const))(
    'does not end the process if an error of this module rejects it (%s)',
    async (_name, setting) => {
      const app = await start(setting);
      expect(await app.get('ownError')).toEqual({ x: 'value' });
      expect(await app.get('twoBarriers')).toEqual({ x: 'ab' });
      expect(await app.get('submitsLate')).toEqual({ x: 'value', late: 'late' });
      expect(await app.get('submitsAtTheEnd')).toEqual({ x: 'value' });
      expect(await app.get('alive')).toEqual({ alive: true });
      expect(await app.end()).toEqual({ code: 0, output: '', errors: '' });
    },
  );

  it.each(settingsWithContext.map((setting) => [name(setting), setting] as const))(
    'does not end the process if an error of the app rejects it in a known async context (%s)',
    async (_name, setting) => {
      const app = await start(setting);
      expect(await app.get('early')).toEqual({ x: 'connection lost' });
      expect(await app.get('earlyThenLater')).toEqual({ x: 'connection lost' });
      expect(await app.get('earlyInTransaction')).toEqual({ x: 'connection lost' });
      expect(await app.get('resultAfter')).toEqual({ x: 'value', early: 'connection lost' });
      expect(await app.get('alive')).toEqual({ alive: true });
      expect(await app.end()).toEqual({ code: 0, output: '', errors: '' });
    },
  );

  it('is not reported to listeners of the app', async () => {
    const app = await start({ ...(settingsWithContext[0] as Setting), listener: true });
    await app.get('ownError');
    await app.get('early');
    await app.get('alive');
    expect(await app.end()).toEqual({ code: 0, output: '', errors: '' });
  });
});

describe('any other unhandled rejection', () => {
  const setting: Setting = { adapter: 'express', replay: 'handler', scope: 'singleton' };

  /** After a pass was discarded: what ours is known by has been put in place. */
  async function afterReplay(path: string, flags: string[], listener = false) {
    const app = await start({ ...setting, listener }, flags);
    expect(await app.get('ownError')).toEqual({ x: 'value' });
    const answer = await app.get(path).catch(() => 'none');
    return { answer, ...(await app.end()) };
  }

  it.each(['outside', 'published'])('ends the process with its own error (%s)', async (path) => {
    const { answer, code, errors } = await afterReplay(path, []);
    expect([answer, code]).toEqual(['none', 1]);
    expect(errors).toMatch(
      path === 'outside' ? 'Error: outside of any request' : 'connection lost',
    );
    // Node shows the line that threw: it was not thrown again by us.
    expect(errors).toContain('early-promise-app.js');
  });

  it.each([
    ['throw', 1, /Error: outside of any request/],
    ['strict', 1, /Error: outside of any request/],
    ['warn', 0, /UnhandledPromiseRejectionWarning: Error: outside of any request/],
    ['none', 0, /^$/],
    ['warn-with-error-code', 1, /UnhandledPromiseRejectionWarning: Error: outside of any request/],
  ])('follows --unhandled-rejections=%s', async (mode, expected, printed) => {
    const flag = `--unhandled-rejections=${mode}`;
    // In this mode Node raises ours before anybody is asked.
    const app = await start(setting, [flag]);
    if (mode !== 'strict') expect(await app.get('ownError')).toEqual({ x: 'value' });
    else expect(await app.get('alive')).toEqual({ alive: true });
    await app.get('outside').catch(() => 'none');
    const { code, errors } = await app.end();
    expect(code).toBe(expected);
    expect(errors).toMatch(printed);
  });

  it('reaches a listener of the app, and then does not end the process', async () => {
    const { answer, code, output } = await afterReplay('outside', [], true);
    expect([answer, code]).toEqual([{ x: 'value' }, 0]);
    expect(output).toBe('listener: outside of any request\n');
  });
});
