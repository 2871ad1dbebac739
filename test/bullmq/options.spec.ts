import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FuturesOptionsError, taskFile } from '../../src/index.js';
import {
  FuturesWorkerModule,
  bullmqExecutor,
  type BullmqExecutorOptions,
  type FuturesWorkerOptions,
} from '../../src/bullmq/index.js';
import { resolveWorkerOptions } from '../../src/bullmq/futures-worker.options.js';
import { describeWith } from '../support/services.js';
import { call, run } from '../support/executors.js';
import { tasks } from '../support/tasks.js';
import { cleanUp, redisService, startExecutor, testQueue } from './support.js';

const location = { connection: { host: '127.0.0.1' }, queue: 'futures' };

describe('bullmqExecutor()', () => {
  it.each<[string, object]>([
    ['"connection" must be an object, but is "redis://"', { connection: 'redis://' }],
    ['"queue" must be a non-empty string without ":", but is "a:b"', { queue: 'a:b' }],
    ['"prefix" must be a non-empty string, but is ""', { prefix: '' }],
    ['"maxQueue" must be an integer of 0 or more, but is -1', { maxQueue: -1 }],
    ['"maxSize" must be an integer of 1 or more, but is 0', { maxSize: 0 }],
    ['"redisTimeout" must be a number of ms', { redisTimeout: 0 }],
    ['"failWithoutWorkers" must be a boolean, but is 1', { failWithoutWorkers: 1 }],
    ['"secret" must be a text of 32 characters or more', { secret: 'too short' }],
    ['but is a text of 9 characters', { secret: 'too short' }],
    ['"secret" must be a text of 32 characters or more', { secret: Buffer.alloc(31) }],
    ['"secret" must be a text of 32 characters or more', { secret: 1 }],
    ['There is no option "que"', { que: 1 }],
  ])('says what is wrong: %s', (message, wrong) => {
    const options = { ...location, ...wrong } as BullmqExecutorOptions;
    expect(() => bullmqExecutor(options)).toThrow(FuturesOptionsError);
    expect(() => bullmqExecutor(options)).toThrow(message);
  });

  it('does not show a secret that is too short', () => {
    const options = { ...location, secret: 'too short' };
    expect(() => bullmqExecutor(options)).not.toThrow('too short');
  });

  it('does not connect before its first use, and can be closed without any', async () => {
    const executor = bullmqExecutor({ connection: { port: 1 }, queue: 'futures' });
    expect(executor.stats()).toMatchObject({ workers: 0, queued: 0 });
    await executor.close({ timeout: 1_000 });
    const [outcome] = await executor.run([call(tasks.add, [1, 2])], {});
    expect(outcome?.value).toMatchObject({ code: 'ERR_FUTURES_SATURATED' });
  });
});

describe('FuturesWorkerModule', () => {
  const basic = taskFile(new URL('../fixtures/basic.tasks.js', import.meta.url));

  it.each<[string, object]>([
    ['"tasks" must be a list', { tasks: basic }],
    ['"tasks" must be a list', { tasks: [] }],
    ['"tasks[1]" must be what taskFile() returns, but is an object', { tasks: [basic, {}] }],
    ['two task files of the name "basic"', { tasks: [basic, basic] }],
    ['"concurrency" must be an integer of 1 or more', { concurrency: 0 }],
    ['"threads.max" must be an integer', { threads: { max: 0 } }],
    ['"stalledAfter" must be a number of ms from 100', { stalledAfter: 1 }],
    ['"secret" must be a text of 32 characters or more', { secret: 'too short' }],
    ['"shutdownTimeout" must be a number of ms', { shutdownTimeout: -1 }],
    ['There is no option "task"', { task: 1 }],
  ])('says what is wrong: %s', (message, wrong) => {
    const options = { ...location, tasks: [basic], ...wrong } as FuturesWorkerOptions;
    expect(() => resolveWorkerOptions(options)).toThrow(FuturesOptionsError);
    expect(() => resolveWorkerOptions(options)).toThrow(message);
  });

  it('takes as many jobs at once as it has threads', () => {
    const options = { ...location, tasks: [basic], threads: { max: 3 } };
    expect(resolveWorkerOptions(options).concurrency).toBe(3);
  });
});

describeWith(redisService, 'FuturesWorkerModule.forRootAsync()', () => {
  it('makes any app a worker', async () => {
    const queue = testQueue();
    const basic = taskFile(new URL('../fixtures/basic.tasks.js', import.meta.url));
    @Module({
      imports: [
        FuturesWorkerModule.forRootAsync({
          useFactory: () => ({ ...queue, tasks: [basic], threads: { max: 1 } }),
        }),
      ],
    })
    class WorkerApp {}
    const app = await NestFactory.createApplicationContext(WorkerApp, { logger: false });
    cleanUp(() => app.close());
    const [here] = await run(startExecutor(queue), call(tasks.where, []));
    expect(here).toMatchObject({ pid: process.pid });
  });
});
