import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WorkerPool } from 'nestjs-futures';
import { HealthModule } from './health.js';
import { AppModule } from './prometheus.js';

@Module({ imports: [AppModule, HealthModule] })
class Root {}

async function main() {
  const app = await NestFactory.create(Root, { logger: ['error', 'warn'] });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const pool = app.get(WorkerPool).using({ executor: 'inline' });
  await pool.run(function answer() {
    return 42;
  });
  const answers: Record<string, unknown> = {};
  for (const path of ['/health/live', '/health/ready', '/metrics']) {
    const response = await fetch(url + path);
    answers[path] = [response.status, await response.text()];
  }
  await app.close();
  console.log(JSON.stringify(answers));
}

void main();
