import { NestFactory } from '@nestjs/core';
import { taskFile } from 'nestjs-futures';
import { FuturesWorkerModule } from 'nestjs-futures/bullmq';

const app = await NestFactory.createApplicationContext(
  FuturesWorkerModule.forRoot({
    connection: { port: Number(process.argv[2]) },
    queue: 'soak',
    tasks: [taskFile(new URL('./tasks/soak.tasks.js', import.meta.url))],
    threads: { min: 1, max: 1 },
    concurrency: 2,
    stalledAfter: 2_000,
  }),
  { logger: ['error', 'warn'] },
);
app.enableShutdownHooks();
// Ends together with the process that started it.
process.on('disconnect', () => process.exit());
process.send?.('ready');
