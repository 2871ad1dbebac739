import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FuturesWorkerModule } from 'nestjs-futures/bullmq';
import { fleet } from './redis.js';
import { charts, countries, feed, flights, quakes, report } from './tasks/handles.js';

// Runs the page's tasks for an app started with EXECUTOR=queue. It has no HTTP server: it takes
// jobs, and on SIGTERM finishes the jobs it has.
const app = await NestFactory.createApplicationContext(
  FuturesWorkerModule.forRoot({
    ...fleet,
    tasks: [charts, countries, feed, flights, quakes, report],
  }),
);
app.enableShutdownHooks();
new Logger('DataDesk').log(`takes jobs of the queue "${fleet.queue}"`);
