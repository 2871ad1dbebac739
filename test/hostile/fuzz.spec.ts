import { onEveryAdapter } from './adapters.js';
import { redisService, startWorker, testQueue, type TestWorker } from '../bullmq/support.js';
import { describeWith } from '../support/services.js';
import { cases, meet } from './fuzz.js';
import { filesOf } from './queue-files.js';
import { Random } from './random.js';
import { HostileServer } from './server.js';

/** The same in every run; others are tried by hand. */
const SEED = Number(process.env.HOSTILE_SEED ?? 1);
/** For all that is here together. */
const SECONDS = Number(process.env.HOSTILE_SECONDS ?? 20);
/** A run ends early with so many problems: more of them tell nothing new. */
const MAX_PROBLEMS = 20;

interface Run {
  readonly executors: readonly string[];
  readonly seconds: number;
  /** Starts the server, and again when it has ended or hangs. */
  readonly start: () => Promise<HostileServer>;
}

/** Meets one odd request after the other for so long; fails with a list of what was wrong. */
async function fuzz({ executors, seconds, start }: Run): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  const problems: string[] = [];
  let server = await start();
  const note = async (what: string, meeting: Promise<string | undefined | void>) => {
    try {
      const problem = await meeting;
      if (problem) problems.push(`${what}: ${problem}`);
    } catch (error) {
      problems.push(`${what}: ${(error as Error).message}`);
      await server.kill();
      server = await start();
    }
  };
  for (const each of cases(new Random(SEED), executors)) {
    if (performance.now() > end || problems.length >= MAX_PROBLEMS) break;
    await note(each.name, meet(server, each));
  }
  for (const executor of executors) {
    if (!['inline', 'plain'].includes(executor))
      await note('at the end', server.expectWhole(executor));
  }
  await note('at the end', server.close());
  await server.kill();
  if (problems.length === 0) return;
  throw new Error(`${problems.length} problems with HOSTILE_SEED=${SEED}:\n${problems.join('\n')}`);
}

/** On top of the run itself: the limits of what may hang at its end. */
const testTimeout = (seconds: number) => seconds * 1_000 + MAX_PROBLEMS * 25_000;

onEveryAdapter(`odd values and bodies (seed ${SEED})`, (adapter) => {
  const seconds = SECONDS * 0.3;
  const executors = ['thread', 'process', 'inline', 'plain'];
  it(
    'end no process and hang no request, wherever they occur',
    () => fuzz({ executors, seconds, start: () => HostileServer.start({ adapter }) }),
    testTimeout(seconds),
  );
});

describeWith(redisService, 'on a queue', () => {
  onEveryAdapter(`odd values and bodies (seed ${SEED})`, (adapter) => {
    const seconds = SECONDS * 0.2;
    it(
      'end no process and hang no request, wherever they occur',
      async () => {
        const queue = testQueue();
        const files = [...filesOf('hostile', 'innocent'), './gate.tasks.js'];
        let worker: TestWorker | undefined;
        const start = async () => {
          await worker?.kill();
          worker = await startWorker(queue, { files });
          return HostileServer.start({ adapter, queue });
        };
        await fuzz({ executors: ['queue'], seconds, start });
      },
      testTimeout(seconds),
    );
  });
});
