import { Logger } from '@nestjs/common';
import { Queue, type Job } from 'bullmq';
import { BrokenExecutorError } from '../../src/index.js';
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
} from './support.js';
import { until, within } from '../support/wait.js';

const secret = 'a secret of thirty-two characters';
const another = 'another one of thirty-two characters';

async function onlyJob(queue: TestQueue): Promise<{ id: string; data: string }> {
  return withRedis(async (client) => {
    const [key] = (await client.keys(`${queue.prefix}:futures:*-1`)) as [string];
    const id = key.slice(`${queue.prefix}:futures:`.length);
    return { id, data: (await client.hget(key, 'data')) ?? '' };
  });
}

function inboxesOf(queue: TestQueue): Promise<string[]> {
  return withRedis((client) => client.keys(`${queue.prefix}:futures:futures:inbox:*`));
}

function operator(queue: TestQueue): Queue {
  const raw = new Queue(queue.queue, queue);
  cleanUp(() => raw.close());
  return raw;
}

describeWith(redisService, 'with a secret', () => {
  let log: MemoryLogger;

  beforeEach(() => {
    log = new MemoryLogger();
    Logger.overrideLogger(log);
  });

  it('calls run, are stopped and are handed back as without a secret', async () => {
    const queue = testQueue();
    await startWorker(queue, { secret, files: ['./basic.tasks.js'] });
    const worker = await startWorker(queue, { secret });
    const executor = startExecutor(queue, { secret: Buffer.from(secret) });
    expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([3]);
    const signals = new Signals();
    const client = new AbortController();
    const gone = executor.run([call(fleet.waitUntilAborted, [signals.folder])], client);
    await signals.reached(1);
    client.abort();
    await gone;
    await until('its end', () => signals.names.includes('aborted'));
    expect(signals.started).toEqual([worker.pid]);
  }, 30_000);

  it('nobody without the secret can answer for a worker or stop a task', async () => {
    const queue = testQueue();
    const worker = await startWorker(queue, { secret });
    const executor = startExecutor(queue, { secret });
    const signals = new Signals();
    const running = run(executor, call(fleet.hold, [signals.folder]));
    await signals.reached(1);
    const { id, data } = await onlyJob(queue);
    const { sealed } = JSON.parse(data) as { sealed: string };
    const { token } = JSON.parse(sealed.slice(43)) as { token: string };
    const outcome = JSON.stringify([id, token, [[0, 0, '/w9JCg==', 'w', 1]]]);
    const order = JSON.stringify([id, token]);
    const forged = [outcome, order].flatMap((text) => [
      text,
      'A'.repeat(43) + text,
      sealed.slice(0, 43) + text,
    ]);
    for (const inbox of await inboxesOf(queue)) {
      await withRedis(async (client) => {
        for (const text of forged) await client.xadd(inbox, '*', 'm', text);
      });
    }
    expect(await within('an answer', run(executor, call(tasks.add, [1, 2])))).toEqual([3]);
    signals.open();
    expect(await running).toEqual([worker.pid]);
    expect(log.warnings.join()).toContain('signature');
  }, 30_000);

  it.each([
    ['unsigned', undefined],
    ['signed with another one', another],
  ])(
    'a worker does not run jobs that are %s',
    async (_what, its) => {
      const queue = testQueue();
      const worker = await startWorker(queue, { secret });
      const executor = startExecutor(queue, its === undefined ? {} : { secret: its });
      const signals = new Signals();
      signals.open();
      const [error] = await within('an error', run(executor, call(fleet.hold, [signals.folder])));
      expect(error).toBeInstanceOf(BrokenExecutorError);
      expect(signals.started).toEqual([]);
      expect(worker.log()).toMatch(/a job was dropped: .*"secret"/);
    },
    30_000,
  );

  it('a worker without the secret does not run signed jobs', async () => {
    const queue = testQueue();
    const worker = await startWorker(queue);
    const executor = startExecutor(queue, { secret });
    const [error] = await within('an error', run(executor, call(tasks.add, [1, 2])));
    expect(error).toBeInstanceOf(BrokenExecutorError);
    expect(worker.log()).toMatch(/a job was dropped: .*"secret"/);
  }, 30_000);

  it('a recorded job does not run again: unchanged, under another id, or changed', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue, { secret });
    const signals = new Signals();
    signals.open();
    const running = run(executor, call(fleet.hold, [signals.folder], { queueTimeout: 60_000 }));
    const raw = operator(queue);
    await until('a stored job', async () => (await raw.getWaitingCount()) === 1);
    const [job] = (await raw.getWaiting()) as [Job<{ sealed: string }>];
    const { id = '', data } = job;
    const worker = await startWorker(queue, { secret });
    expect(await running).toEqual([worker.pid]);
    const options = { removeOnComplete: true };
    await raw.add('again', data, { ...options, jobId: id });
    await raw.add('again', data, { ...options, jobId: id.replace(/-1$/, '-2') });
    const changed = data.sealed.replace('fleet.hold', 'fleet.text');
    await raw.add('again', { sealed: changed }, { ...options, jobId: id.replace(/-1$/, '-3') });
    await until(
      'the job to be taken',
      async () => (await raw.getJobCountByTypes('waiting', 'active')) === 0,
    );
    expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([3]);
    expect(signals.started).toHaveLength(1);
  }, 30_000);

  it('a recorded job does not run on any worker once its time is over', async () => {
    const queue = testQueue();
    const executor = startExecutor(queue, { secret });
    const signals = new Signals();
    signals.open();
    const running = run(executor, call(fleet.hold, [signals.folder], { queueTimeout: 300 }));
    const raw = operator(queue);
    await until('a stored job', async () => (await raw.getWaitingCount()) === 1);
    const [job] = (await raw.getWaiting()) as [Job];
    expect(await running).toMatchObject([{ code: 'ERR_FUTURES_TIMEOUT' }]);
    await startWorker(queue, { secret });
    await raw.add('again', job.data, { jobId: job.id ?? '', removeOnComplete: true });
    await until(
      'the job to be taken',
      async () => (await raw.getJobCountByTypes('waiting', 'active')) === 0,
    );
    expect(await run(executor, call(tasks.add, [1, 2]))).toEqual([3]);
    expect(signals.started).toEqual([]);
  }, 30_000);
});
