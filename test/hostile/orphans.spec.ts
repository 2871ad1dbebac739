import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tasksOf } from './broken-workers.js';
import { HostileServer, isRunning, WORKERS } from './server.js';
import { until } from '../support/wait.js';

const file = new URL('./app/orphans.tasks.js', import.meta.url);
const tasks = await tasksOf(file);

describe('child processes whose app was killed by SIGKILL', () => {
  let folder: string;
  const started = () => readdirSync(folder).map(Number);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nestjs-futures-orphans-'));
  });

  afterEach(() => {
    for (const pid of started().filter(isRunning)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it.each(tasks)(
    'exit by themselves, whatever their task does: %s()',
    async (task) => {
      const server = await HostileServer.start({ adapter: 'fastify' });
      const run = { executor: 'process', file, task, args: [folder], timeout: 3_600_000 };
      const unanswered = Array.from({ length: WORKERS }, () => server.run(run).catch(() => {}));
      await until('the start of the tasks', () => started().length === WORKERS);
      server.killAlone();
      await Promise.all(unanswered);
      await until('the end of the child processes', () => !started().some(isRunning));
    },
    60_000,
  );
});
