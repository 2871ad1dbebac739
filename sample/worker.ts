import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FuturesWorkerModule } from 'nestjs-futures/bullmq';
import { fleet } from './redis.js';
import { charts, countries, feed, flights, quakes, report } from './tasks/handles.js';

// Runs the page's tasks for an app that is started with EXECUTOR=queue. No HTTP server: it takes
// jobs, and on SIGTERM it finishes those it has.
const app = await NestFactory.createApplicationContext(
  FuturesWorkerModule.forRoot({
    ...fleet,
    tasks: [charts, countries, feed, flights, quakes, report],
  }),
);
app.enableShutdownHooks();
new Logger('DataDesk').log(`takes jobs of the queue "${fleet.queue}"`);
