import { NestFactory } from '@nestjs/core';
import { Worker } from 'bullmq';
import { taskFile } from 'nestjs-futures';
import { FuturesWorkerModule } from 'nestjs-futures/bullmq';
import { QUEUE } from '../queue-location.js';
import { THREADS } from '../threads.js';
import { rawPool } from './raw-pool.js';

const [contender = '', queue = ''] = process.argv.slice(2);

/** The hand-written way: a BullMQ worker that hands its jobs to a thread pool. */
async function startRaw(): Promise<void> {
  const pool = rawPool<number, number>('echo.worker');
  const worker = new Worker<number, number>(queue, (job) => pool.run(job.data), {
    ...QUEUE,
    concurrency: THREADS,
  });
  await worker.waitUntilReady();
}

async function startFutures(): Promise<void> {
  const tasks = [taskFile(new URL('../tasks/echo.tasks.js', import.meta.url))];
  const threads = { min: THREADS, max: THREADS };
  const options = { ...QUEUE, queue, tasks, threads, concurrency: THREADS };
  await NestFactory.createApplicationContext(FuturesWorkerModule.forRoot(options), {
    logger: false,
  });
}

// Ends together with the server that started it.
process.on('disconnect', () => process.exit());
await (contender === 'raw' ? startRaw() : startFutures());
process.send?.('ready');
