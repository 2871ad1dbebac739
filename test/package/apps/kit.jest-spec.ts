// What tests of a CommonJS project use of the package, without flags for Node.
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FuturesModule, WorkerPool, isFuturesException, taskFile } from 'nestjs-futures';
import { taskContext } from 'nestjs-futures/task';
import { assertReplaySafe, overrideFutures } from 'nestjs-futures/testing';
import { AppModule } from './app.module';
import { PageController } from './page.controller';

const tasks = taskFile<typeof import('./print.tasks')>(require.resolve('./print.tasks'));
const PRINT = 'cdea22de15b06947';

it('runs a task in the test itself', async () => {
  const module = await Test.createTestingModule({
    imports: [FuturesModule.forRoot({ executor: 'inline' })],
  }).compile();
  await module.init();
  expect(await module.get(WorkerPool).run(tasks.fingerprint, 'ada')).toBe(PRINT);
  await module.close();
});

it('finds the handler safe to replay', async () => {
  const page = await assertReplaySafe((futures) => new PageController().page('ada', futures));
  expect(page).toBe(`ada ${PRINT}\n`);
});

it('gives the app a value in place of a task', async () => {
  const builder = Test.createTestingModule({ imports: [AppModule] });
  overrideFutures(builder, { results: { print: 'cdea' } });
  const app = (await builder.compile()).createNestApplication();
  await app.listen(0, '127.0.0.1');
  const response = await fetch(`${await app.getUrl()}/ada`);
  expect(await response.text()).toBe('ada cdea\n');
  await app.close();
});

@Injectable()
class Clock {
  readonly hour = 7;
}

@Module({ providers: [Clock] })
class ClockModule {}

it('makes a task context', async () => {
  const context = taskContext(() => ClockModule, { logger: false });
  expect((await context.get(Clock)).hour).toBe(7);
  await context.close();
});

it('knows an error of the package', () => {
  const wrong = () => taskFile('print.tasks');
  expect(wrong).toThrow(expect.objectContaining({ code: 'ERR_FUTURES_ARGUMENT' }));
  try {
    wrong();
  } catch (error) {
    expect(isFuturesException(error)).toBe(true);
  }
});
