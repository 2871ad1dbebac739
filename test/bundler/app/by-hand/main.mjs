// Its task file was put beside the bundle by hand; nestjs-futures is in the bundle, its workers are not.
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FuturesModule, taskFile, WorkerPool } from 'nestjs-futures';

class App {}
Module({ imports: [FuturesModule.forRoot()] })(App);
const app = await NestFactory.createApplicationContext(App, { logger: ['warn', 'error'] });
const { answer } = taskFile(new URL('./answer.tasks.mjs', import.meta.url));
const pool = app.get(WorkerPool);
for (const executor of ['thread', 'process']) {
  await pool
    .using({ executor })
    .run(answer)
    .catch(({ name, message }) => console.log(`${executor}: ${name}: ${message}`));
}
await app.close();
