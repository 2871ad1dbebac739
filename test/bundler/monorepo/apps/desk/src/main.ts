import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { tasks } from '@app/reports';
import { Future, Futures, FuturesModule, FuturesService } from 'nestjs-futures';

@Controller()
class DeskController {
  @Get('replayed')
  replayed(@Futures() futures: FuturesService) {
    return { report: futures.resultOrSubmit('report', undefined, tasks.report, 3, 4) };
  }

  @Get('declared')
  declared(@Future('report', { task: tasks.report, args: () => [1, 2] }) report: unknown) {
    return { report };
  }
}

@Module({ imports: [FuturesModule.forRoot()], controllers: [DeskController] })
class AppModule {}

async function start(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
  await app.listen(0, '127.0.0.1');
  const answers: unknown[] = [];
  for (const path of ['replayed', 'declared']) {
    const response = await fetch(`${await app.getUrl()}/${path}`);
    answers.push(await response.json());
  }
  await app.close();
  console.log(JSON.stringify(answers));
}

void start();
