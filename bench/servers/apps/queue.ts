import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Controller, Get, type OnModuleInit } from '@nestjs/common';
import { Queue, QueueEvents } from 'bullmq';
import { Futures, FuturesModule, FuturesService, taskFile } from 'nestjs-futures';
import { bullmqExecutor } from 'nestjs-futures/bullmq';
import { QUEUE } from '../../queue-location.js';
import { rootModule, type AppFile } from '../app-file.js';

const tasks = taskFile<typeof import('../../tasks/echo.tasks.js')>(
  new URL('../../tasks/echo.tasks.js', import.meta.url),
);
const name = `bench-${process.pid}`;

/** Each contender has one worker process, which runs as many jobs at once as it has threads. */
async function startWorker(contender: 'raw' | 'futures'): Promise<void> {
  const file = fileURLToPath(new URL('../queue-worker.js', import.meta.url));
  await once(fork(file, [contender, name]), 'message');
}

/** The hand-written way. Completed jobs must stay for a while, or waitUntilFinished() fails. */
@Controller()
class RawController implements OnModuleInit {
  #queue!: Queue<number>;
  #events!: QueueEvents;

  async onModuleInit(): Promise<void> {
    await startWorker('raw');
    this.#queue = new Queue(name, {
      ...QUEUE,
      defaultJobOptions: { removeOnComplete: { count: 1_000 }, removeOnFail: { count: 1_000 } },
    });
    this.#events = new QueueEvents(name, QUEUE);
    // One listener per job.
    this.#events.setMaxListeners(0);
    this.#queue.setMaxListeners(0);
    await this.#events.waitUntilReady();
  }

  @Get('one')
  async one(): Promise<object> {
    const job = await this.#queue.add('echo', 0);
    return { values: [await job.waitUntilFinished(this.#events, 30_000)] };
  }

  @Get('ten')
  async ten(): Promise<object> {
    const jobs = await this.#queue.addBulk(
      Array.from({ length: 10 }, (_, i) => ({ name: 'echo', data: i })),
    );
    const values = jobs.map((job) => job.waitUntilFinished(this.#events, 30_000));
    return { values: await Promise.all(values) };
  }
}

@Controller()
class FuturesController implements OnModuleInit {
  onModuleInit(): Promise<void> {
    return startWorker('futures');
  }

  @Get('one')
  one(@Futures() futures: FuturesService): object {
    return { values: many(futures, 1) };
  }

  @Get('ten')
  ten(@Futures() futures: FuturesService): object {
    return { values: many(futures, 10) };
  }
}

function many(futures: FuturesService, count: number): number[] {
  return Array.from({ length: count }, (_, i) =>
    futures.resultOrSubmit(`value ${i}`, -1, tasks.echo<number>, i),
  );
}

export const apps: AppFile['apps'] = {
  raw: rootModule([RawController]),
  futures: rootModule([FuturesController], {
    imports: [
      FuturesModule.forRoot({
        executor: 'queue',
        executors: { queue: bullmqExecutor({ ...QUEUE, queue: name }) },
      }),
    ],
  }),
};
