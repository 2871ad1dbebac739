import { Test } from '@nestjs/testing';
import { FUTURES_OPTIONS, type FuturesService } from 'nestjs-futures';
import { assertReplaySafe } from 'nestjs-futures/testing';
import { AppModule } from '../src/app.module.js';
import { PageController } from '../src/page.controller.js';

const PAGE = 'ada cdea22de15b06947\n';

async function answerWith(options: object): Promise<string> {
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(FUTURES_OPTIONS)
    .useValue({ executor: 'inline', ...options })
    .compile();
  const app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  try {
    return await (await fetch(`${await app.getUrl()}/ada`)).text();
  } finally {
    await app.close();
  }
}

it('runs the task inline, loaded by the test runner', async () => {
  expect(await answerWith({ inline: { import: (url: string) => import(url) } })).toBe(PAGE);
});

it('runs the task inline, loaded by default', async () => {
  expect(await answerWith({})).toBe(PAGE);
});

it('runs the task of a handler without an app', async () => {
  const page = (futures: FuturesService) => new PageController().page('ada', futures);
  expect(await assertReplaySafe(page)).toBe(PAGE);
});
