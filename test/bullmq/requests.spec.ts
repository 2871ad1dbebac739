import { Controller, Get, Post } from '@nestjs/common';
import { FuturesModule, Future, WorkerPool } from '../../src/index.js';
import { bullmqExecutor } from '../../src/bullmq/index.js';
import { onEachAdapter } from '../support/app.js';
import { desk } from '../support/desk.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
import {
  redisService,
  startWorker,
  testQueue,
  type TestQueue,
  type TestWorker,
} from './support.js';
import { until } from '../support/wait.js';

describeWith(redisService, 'requests whose tasks run on a fleet', () => {
  let queue: TestQueue;
  let worker: TestWorker;

  beforeAll(async () => {
    queue = testQueue();
    worker = await startWorker(queue);
  });

  /** Module options; each app has an executor of its own. */
  const onQueue = () => ({ executors: { queue: bullmqExecutor(queue) } });

  onEachAdapter('with futures', (start) => {
    it('are answered with the values: the placeholder never reaches the client', async () => {
      const seen: unknown[] = [];
      const page = desk((futures) => {
        const sum = futures
          .using({ executor: 'queue' })
          .resultOrSubmit('sum', 'placeholder' as never, tasks.add, 1, 2);
        seen.push(sum);
        return { sum };
      });
      const app = await start({ controllers: [page], futures: onQueue() });
      expect(await app.get('/')).toMatchObject({ status: 200, body: { sum: 3 } });
      expect(seen).toEqual(['placeholder', 3]);
    });

    it('run all tasks of a pass in another process, and chained tasks pass by pass', async () => {
      const page = desk((futures) => {
        const greetings = ['Ada', 'Grace'].map((name) =>
          futures.resultOrSubmit(name, '', tasks.greet, name),
        );
        const { pid } = futures.resultOrSubmit('where', { pid: 0, threadId: 0 }, tasks.where);
        const both = greetings.join();
        const echo = pid && futures.resultOrSubmit('echo', '', tasks.echo, both);
        return { greetings, pid, echo, pass: futures.pass };
      });
      const app = await start({
        controllers: [page],
        futures: { ...onQueue(), executor: 'queue' },
      });
      expect((await app.get('/')).body).toEqual({
        greetings: ['Hello, Ada', 'Hello, Grace'],
        pid: worker.pid,
        echo: 'Hello, Ada,Hello, Grace',
        pass: 3,
      });
    });

    it('get the error of a task: caught, with its own status, or as 500', async () => {
      const page = desk((futures) => {
        try {
          return { value: futures.resultOrSubmit('x', '' as never, tasks.fail, 'no paper') };
        } catch (error) {
          return { caught: error instanceof RangeError, ...(error as object) };
        }
      });
      @Controller()
      class Failing {
        @Get('missing')
        missing(@Future('x', { task: tasks.notFound, args: () => ['chart'] }) x: never) {
          return x;
        }
        @Get('failing')
        failing(@Future('x', { task: tasks.fail, args: () => ['no paper'] }) x: unknown) {
          return x;
        }
      }
      const futures = { ...onQueue(), executor: 'queue' };
      const app = await start({ controllers: [page, Failing], futures });
      expect((await app.get('/')).body).toMatchObject({ caught: true, code: 'E_PAPER', tray: 2 });
      expect(await app.get('/missing')).toMatchObject({
        status: 404,
        body: { message: 'No chart', hint: 'look elsewhere' },
      });
      expect((await app.get('/failing')).status).toBe(500);
      expect(app.log.errors.join()).toContain('no paper');
    });

    it('run no task that the submitting pass cancels', async () => {
      const page = desk((futures) => {
        if (!futures.isReplay) {
          futures.submit('kept', tasks.add, 1, 2);
          futures.submit('dropped', tasks.fail, 'never runs');
          futures.cancel('dropped');
        }
        return { kept: futures.result('kept', 0), dropped: futures.result('dropped', 'none') };
      });
      const app = await start({
        controllers: [page],
        futures: { ...onQueue(), executor: 'queue' },
      });
      expect((await app.get('/')).body).toEqual({ kept: 3, dropped: 'none' });
      expect(app.app.get(WorkerPool).stats()['queue']).toMatchObject({ resolved: 1, failed: 0 });
    });

    it('call a handler once with declared values from threads and from the fleet', async () => {
      let runs = 0;
      @Controller()
      class Desk {
        @Post()
        page(
          @Future('there', { task: tasks.where, args: () => [], executor: 'queue' })
          there: { pid: number },
          @Future('here', { task: tasks.where, args: () => [] }) here: { pid: number },
          @Future('sum', { task: tasks.add, args: () => [1, 2], executor: 'queue' }) sum: number,
        ) {
          runs++;
          return { there: there.pid, here: here.pid, sum };
        }
      }
      const app = await start({ controllers: [Desk], futures: onQueue() });
      expect(await app.get('/', { method: 'POST' })).toMatchObject({
        status: 201,
        body: { there: worker.pid, here: process.pid, sum: 3 },
      });
      expect(runs).toBe(1);
    });
  });

  onEachAdapter('while the app is closed', (start) => {
    it('are finished, and nothing of the app stays in Redis', async () => {
      const page = desk((futures) => ({
        x: futures.resultOrSubmit('x', '', tasks.greet, 'Ada'),
      }));
      const app = await start({
        controllers: [page],
        futures: FuturesModule.forRoot({ ...onQueue(), executor: 'queue' }),
      });
      const answer = app.get('/', { headers: { connection: 'close' } });
      const pool = app.app.get(WorkerPool);
      await until('a queued call', () => pool.stats()['queue']?.queued !== 0);
      await app.close();
      expect(await answer).toMatchObject({ status: 200, body: { x: 'Hello, Ada' } });
    });
  });
});
