import { Controller, Get } from '@nestjs/common';
import { Futures, FuturesService, taskFile } from 'nestjs-futures';
import { work } from '../../tasks/work.tasks.js';
import { iterationsFor } from '../../work-amount.js';
import { rootModule, type AppFile } from '../app-file.js';
import { futuresModule } from '../futures-module.js';
import { rawPool } from '../raw-pool.js';
import { PlainController } from './plain.js';

const tasks = taskFile<typeof import('../../tasks/work.tasks.js')>(
  new URL('../../tasks/work.tasks.js', import.meta.url),
);
const pool = rawPool<number, string>('work.worker');

/** Amount of work for a task of 20 ms. */
const LONG = iterationsFor(20);
interface Part {
  readonly name: string;
  readonly amount: number;
}

/** Tasks of one request, from 1 to 50 ms. */
const UNEVEN = [8, 50, 2, 25, 1, 33, 12, 4, 46, 17, 1, 5, 29, 3, 42, 7].map((ms, i): Part => ({
  name: `part ${i}`,
  amount: iterationsFor(ms),
}));
let order = 0;

/**
 * The tasks in another order for each request, the same for all contenders. With a fixed order, one
 * contender might always be lucky, since no pool knows in advance which task is long.
 */
function inSomeOrder(): Part[] {
  const tasks = [...UNEVEN];
  let random = ++order;
  for (let i = tasks.length - 1; i > 0; i--) {
    // The Park-Miller generator.
    random = (random * 48_271) % 2_147_483_647;
    const j = random % (i + 1);
    [tasks[i], tasks[j]] = [tasks[j] as Part, tasks[i] as Part];
  }
  return tasks;
}

@Controller()
class InlineController {
  @Get('long')
  long(): object {
    return { done: [work(LONG)].length };
  }
}

@Controller()
class RawController {
  @Get('long')
  async long(): Promise<object> {
    return { done: [await pool.run(LONG)].length };
  }

  @Get('uneven')
  async uneven(): Promise<object> {
    return {
      done: (await Promise.all(inSomeOrder().map(({ amount }) => pool.run(amount)))).length,
    };
  }
}

@Controller()
class FuturesController {
  /** Shared by all requests, since they come one at a time. */
  #parts: readonly Part[] = [];

  @Get('long')
  long(@Futures() futures: FuturesService): object {
    return { done: [futures.resultOrSubmit('long', '', tasks.work, LONG)].length };
  }

  @Get('uneven')
  uneven(@Futures() futures: FuturesService): object {
    if (!futures.isReplay) this.#parts = inSomeOrder();
    const results = this.#parts.map(({ name, amount }) =>
      futures.resultOrSubmit(name, '', tasks.work, amount),
    );
    return { done: results.length };
  }
}

export const apps: AppFile['apps'] = {
  inline: rootModule([InlineController, PlainController]),
  raw: rootModule([RawController, PlainController]),
  futures: rootModule([FuturesController, PlainController], { imports: [futuresModule()] }),
};
