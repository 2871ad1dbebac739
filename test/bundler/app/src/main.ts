import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FuturesModule } from 'nestjs-futures';
import { DeskController } from './desk/desk.controller.js';

// A worker that runs this has loaded the app.
Object.assign(globalThis, { isApp: true });

@Module({ imports: [FuturesModule.forRoot()], controllers: [DeskController] })
class AppModule {}

async function start(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
  await app.listen(0, '127.0.0.1');
  const answers: Record<string, unknown> = {};
  for (const path of ['thread', 'process', 'inline', 'declared', 'other', 'name']) {
    const response = await fetch(`${await app.getUrl()}/${path}`);
    answers[path] = await response.json();
  }
  await app.close();
  console.log(JSON.stringify(answers));
}

void start();
