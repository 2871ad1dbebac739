import { redisService, startWorker, testQueue } from '../bullmq/support.js';
import { describeWith } from '../support/services.js';
import { filesOf } from './queue-files.js';
import { HostileServer, type Run, type ServerOptions } from './server.js';

const file = new URL('./app/clock.tasks.js', import.meta.url);
const preload = `--import=${new URL('./app/step-clock.js', import.meta.url).href}`;
const HOUR = 3_600_000;
const STEPS = [
  ['ahead', HOUR],
  ['behind', -HOUR],
] as const;

const run = (executor: string, task: string, timeout: number): Run => ({
  executor,
  file,
  task,
  timeout,
});

async function within<Value>(
  options: ServerOptions,
  use: (server: HostileServer) => Promise<Value>,
): Promise<Value> {
  const server = await HostileServer.start(options);
  try {
    return await use(server);
  } finally {
    await server.kill();
  }
}

/** A task that never ends is given up; one that takes 2 s of 20 is not; and nothing took an hour. */
async function expectDurationsRight(server: HostileServer, executor: string): Promise<void> {
  const [late, slow] = await Promise.all([
    server.run(run(executor, 'neverEnd', 1_000)),
    server.run(run(executor, 'takeTwoSeconds', 20_000)),
  ]);
  expect(late).toMatchObject({ status: 504, code: 'ERR_FUTURES_TIMEOUT' });
  expect(slow).toMatchObject({ status: 200, body: '{"value":"done"}' });
  await server.expectInnocent(executor);
  const { body } = await server.get('the statistics', '/stats');
  const { wait = {}, run: ran = {} } = (JSON.parse(body) as Record<string, Stats>)[
    executor
  ] as Stats;
  for (const ms of [...Object.values(wait), ...Object.values(ran)]) {
    expect(ms).toBeGreaterThanOrEqual(0);
    expect(ms).toBeLessThan(HOUR / 2);
  }
}

interface Stats {
  readonly wait?: Readonly<Record<string, number>>;
  readonly run?: Readonly<Record<string, number>>;
}

describe('time limits', () => {
  it.each(STEPS)(
    'hold in a process whose clock is an hour %s',
    async (_, step) => {
      const env = { HOSTILE_CLOCK_STEP: String(step) };
      const options = { adapter: 'express', childOptions: preload, env } as const;
      await within(options, async (server) => {
        const { body } = await server.run(run('process', 'wallClock', 5_000));
        const { value } = JSON.parse(body) as { value: { now: number; origin: number } };
        // That the clock is off at all is what makes this a test.
        expect(Math.abs(value.now - Date.now())).toBeGreaterThan(HOUR / 2);
        expect(Math.abs(value.origin - performance.timeOrigin)).toBeGreaterThan(HOUR / 2);
        await expectDurationsRight(server, 'process');
      });
    },
    60_000,
  );

  it.each(STEPS)(
    'hold on each executor when the clock of the app steps an hour %s',
    (_, clockStep) =>
      within({ adapter: 'fastify', clockStep }, async (server) => {
        for (const executor of ['thread', 'process', 'inline']) {
          await expectDurationsRight(server, executor);
        }
      }),
    60_000,
  );
});

describeWith(redisService, 'time limits on a queue', () => {
  it.each(STEPS)(
    "hold where a worker's clock is an hour %s",
    async (_, step) => {
      const queue = testQueue();
      process.env.HOSTILE_CLOCK_STEP = String(step);
      process.env.NODE_OPTIONS = preload;
      try {
        await startWorker(queue, { files: filesOf('clock', 'innocent') });
      } finally {
        delete process.env.NODE_OPTIONS;
      }
      const futures = { queueTimeout: 20_000 };
      await within({ adapter: 'express', queue, futures }, (server) =>
        expectDurationsRight(server, 'queue'),
      );
    },
    60_000,
  );
});
