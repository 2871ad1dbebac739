import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { Queue } from 'bullmq';
import { call, run } from '../support/executors.js';
import { MemoryLogger } from '../support/memory-logger.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
import {
  Signals,
  cleanUp,
  fleet,
  redisService,
  startExecutor,
  startWorker,
  testQueue,
  withRedis,
  type TestQueue,
  type TestWorker,
} from './support.js';
import { until, within } from '../support/wait.js';

const UUID = '00000000-0000-4000-8000-000000000000';
const ARGS = '/w9BAkkCSQQkAAI=';
const GOOD_CALL = ['basic.add', 1_000, false, ARGS];
const GOOD = { inbox: UUID, token: UUID, queuedAt: 1, calls: [GOOD_CALL] };
const deep = '['.repeat(50_000) + ']'.repeat(50_000);

/** Data of jobs that no app has written. */
const JOBS: [string, unknown][] = [
  ['null', null],
  ['a number', 1],
  ['a list', []],
  ['an empty object', {}],
  ['no calls', { ...GOOD, calls: [] }],
  ['calls that are no list', { ...GOOD, calls: { length: 5 } }],
  ['100,000 calls', { ...GOOD, calls: Array.from({ length: 100_000 }, () => GOOD_CALL) }],
  ['a call that is null', { ...GOOD, calls: [null] }],
  ['a task that is an object', { ...GOOD, calls: [[{}, 1_000, false, ARGS]] }],
  ['a negative timeout', { ...GOOD, calls: [['basic.add', -1, false, ARGS]] }],
  ['a timeout that is text', { ...GOOD, calls: [['basic.add', 'x', false, ARGS]] }],
  ['arguments that are no text', { ...GOOD, calls: [['basic.add', 1, false, [1]]] }],
  ['arguments that are no base64', { ...GOOD, calls: [['basic.add', 1, false, '\u001b[2J']] }],
  ['arguments that are no list', { ...GOOD, calls: [['basic.add', 1_000, false, '/w9JCg==']] }],
  ['bytes that V8 does not read', { ...GOOD, calls: [['basic.add', 1_000, false, '/////w==']] }],
  ['an inbox that is another key', { ...GOOD, inbox: 'bull:futures:meta' }],
  ['an inbox that is an object', { ...GOOD, inbox: {} }],
  ['no token', { ...GOOD, token: undefined }],
  ['a time that is text', { ...GOOD, queuedAt: 'NaN' }],
  ['a negative limit', { ...GOOD, queueTimeout: -1 }],
  ['a trace that is text', { ...GOOD, calls: [[...GOOD_CALL, 'x']] }],
  ['a trace with a number', { ...GOOD, calls: [[...GOOD_CALL, { traceparent: 1 }]] }],
  [
    'a polluting trace',
    { ...GOOD, calls: [[...GOOD_CALL, JSON.parse('{"__proto__":{"polluted":true}}')]] },
  ],
  ['a polluting object', JSON.parse('{"__proto__":{"polluted":true},"calls":[]}')],
  ['signed text', { sealed: 'x' }],
  ['raw: no JSON', '{"calls":'],
  ['raw: nested 50,000 deep', deep],
  ['raw: control characters', '\u001b[31m\nERROR forged'],
];

/** Adds a job past all that this module does. */
async function addJob(queue: TestQueue, id: string, data: unknown, isRaw: boolean): Promise<void> {
  const raw = new Queue(queue.queue, queue);
  cleanUp(() => raw.close());
  await raw.waitUntilReady();
  if (!isRaw) {
    await raw.add('x', data, { jobId: id, removeOnComplete: true, removeOnFail: true });
    return;
  }
  // Paused, so that nobody takes it before it is garbage.
  await raw.pause();
  await raw.add('x', {}, { jobId: id, removeOnComplete: true, removeOnFail: true });
  await withRedis((client) => client.hset(`${queue.prefix}:futures:${id}`, 'data', String(data)));
  await raw.resume();
}

describeWith(redisService, 'a job that is garbage', () => {
  let queue: TestQueue;
  let worker: TestWorker;

  beforeAll(async () => {
    queue = testQueue();
    worker = await startWorker(queue, { threads: { max: 1 }, stalledAfter: 1_000 });
  });

  it.each(JOBS)('is dropped, and affects no other job: %s', async (what, data) => {
    const executor = startExecutor(queue);
    const id = `${randomUUID()}-1`;
    await addJob(queue, id, data, what.startsWith('raw'));
    expect(await within('an answer', run(executor, call(tasks.add, [1, 2])))).toEqual([3]);
    const isThere = () => withRedis((client) => client.exists(`${queue.prefix}:futures:${id}`));
    await until('its removal', async () => (await isThere()) === 0);
    expect(worker.process.exitCode).toBeNull();
    // Neither a stack nor what the job says is logged as it is.
    expect(worker.log()).not.toMatch(/^\s+at |^ERROR forged/m);
    expect(worker.log()).not.toContain('\u001b[2J');
  });

  it('is run without options of its own: hashes, parents, schedulers', async () => {
    const executor = startExecutor(queue);
    const raw = new Queue(queue.queue, queue);
    cleanUp(() => raw.close());
    await raw.pause();
    await raw.add('x', GOOD, { jobId: `${UUID}-1` });
    await withRedis((client) =>
      client.hset(`${queue.prefix}:futures:${UUID}-1`, {
        rjk: 'a:b:c:d:e',
        parentKey: `${queue.prefix}:futures:other`,
        defa: 'forged',
        stc: 'NaN',
      }),
    );
    await raw.resume();
    expect(await within('an answer', run(executor, call(tasks.add, [1, 2])))).toEqual([3]);
    await until(
      'its removal',
      async () => (await raw.getJobCounts('active', 'failed', 'completed'))['active'] === 0,
    );
    expect(await raw.getFailedCount()).toBe(0);
  });
});

/** Messages that no worker and no app has written. */
const MESSAGES: [string, (jobId: string, token: string) => string][] = [
  ['no JSON', () => '{'],
  ['nothing', () => ''],
  ['null', () => 'null'],
  ['a number', () => '1e999'],
  ['nested 50,000 deep', () => deep],
  ['another list', () => '[1,2,3]'],
  ['no outcomes', (id, token) => JSON.stringify([id, token])],
  ['outcomes that are no list', (id, token) => JSON.stringify([id, token, { length: 3 }])],
  ['100,000 outcomes', (id, token) => JSON.stringify([id, token, new Array(100_000).fill(1)])],
  ['an outcome that is null', (id, token) => JSON.stringify([id, token, [null]])],
  [
    'an index out of range',
    (id, token) => JSON.stringify([id, token, [[7, 0, '/w9JCg==', 'w', 1]]]),
  ],
  ['a negative index', (id, token) => JSON.stringify([id, token, [[-1, 0, '/w9JCg==', 'w', 1]]])],
  [
    'an index that is a name',
    (id, token) => JSON.stringify([id, token, [['length', 0, '/w9JCg==', 'w', 1]]]),
  ],
  ['an unknown kind', (id, token) => JSON.stringify([id, token, [[0, 9, '/w9JCg==', 'w', 1]]])],
  ['a value that is no text', (id, token) => JSON.stringify([id, token, [[0, 0, {}, 'w', 1]]])],
  [
    'a duration that is no number',
    (id, token) => JSON.stringify([id, token, [[0, 0, '/w9JCg==', 'w', null]]]),
  ],
  [
    'a negative duration',
    (id, token) => JSON.stringify([id, token, [[0, 0, '/w9JCg==', 'w', -5]]]),
  ],
  [
    'a worker that is an object',
    (id, token) => JSON.stringify([id, token, [[0, 0, '/w9JCg==', {}, 1]]]),
  ],
  ['another token', (id) => JSON.stringify([id, UUID, [[0, 0, '/w9JCg==', 'w', 1]]])],
  ['no token', (id) => JSON.stringify([id, [[0, 0, '/w9JCg==', 'w', 1]]])],
];

describeWith(redisService, 'a message that is garbage', () => {
  let log: MemoryLogger;

  beforeEach(() => {
    log = new MemoryLogger();
    Logger.overrideLogger(log);
  });

  it('settles nothing, and does not keep other messages from being read', async () => {
    const queue = testQueue();
    const worker = await startWorker(queue);
    const inboxes = () => withRedis((c) => c.keys(`${queue.prefix}:futures:futures:inbox:*`));
    const ofWorker = await inboxes();
    const executor = startExecutor(queue);
    const signals = new Signals();
    const running = run(executor, call(fleet.hold, [signals.folder]));
    await signals.reached(1);
    await withRedis(async (client) => {
      const [stream] = (await client.keys(`${queue.prefix}:futures:*-1`)) as [string];
      const id = stream.slice(`${queue.prefix}:futures:`.length);
      const { token } = JSON.parse((await client.hget(stream, 'data')) ?? '') as { token: string };
      for (const inbox of await inboxes()) {
        for (const [what, message] of MESSAGES) {
          // To the worker, this is an order to end the job.
          if (what === 'no outcomes' && ofWorker.includes(inbox)) continue;
          await client.xadd(inbox, '*', 'm', message(id, token));
        }
        await client.xadd(inbox, '*', 'other', 'field');
      }
    });
    // Read in their order: what comes behind them is read, so they were.
    expect(await within('an answer', run(executor, call(tasks.add, [1, 2])))).toEqual([3]);
    const settled = await Promise.race([running, new Promise((r) => setTimeout(r, 500, 'none'))]);
    expect(settled).toBe('none');
    signals.open();
    expect(await running).toEqual([worker.pid]);
    expect(executor.stats()).toMatchObject({ resolved: 2, failed: 0, queued: 0, running: 0 });
    expect(log.errors).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(worker.process.exitCode).toBeNull();
  });

  it.each<[string, string]>([
    ['a value that V8 does not read', JSON.stringify([[0, 0, '/////w==', 'w', 1]])],
    ['an error that is no error', JSON.stringify([[0, 1, '/w9JCg==', 'w', 1]])],
    ['an empty value', JSON.stringify([[0, 0, '', 'w', 1]])],
  ])('fails only its own call, if the call can be identified: %s', async (_what, outcomes) => {
    const queue = testQueue();
    const worker = await startWorker(queue);
    const executor = startExecutor(queue);
    const signals = new Signals();
    const running = run(executor, call(fleet.hold, [signals.folder], { key: 'x' }));
    await signals.reached(1);
    await withRedis(async (client) => {
      const inboxes = await client.keys(`${queue.prefix}:futures:futures:inbox:*`);
      const [stream] = (await client.keys(`${queue.prefix}:futures:*-1`)) as [string];
      const id = stream.slice(`${queue.prefix}:futures:`.length);
      const { token } = JSON.parse((await client.hget(stream, 'data')) ?? '') as { token: string };
      const message = JSON.stringify([id, token, JSON.parse(outcomes)]);
      for (const inbox of inboxes) await client.xadd(inbox, '*', 'm', message);
    });
    const [error] = await within('an error', running);
    expect(error).toMatchObject({
      code: 'ERR_FUTURES_BROKEN_EXECUTOR',
      key: 'x',
      task: 'fleet.hold',
    });
    signals.open();
    expect(await run(executor, call(tasks.where, []))).toMatchObject([{ pid: worker.pid }]);
  });
});
