import { setTimeout } from 'node:timers/promises';
import {
  Body,
  Catch,
  Controller,
  Get,
  Param,
  ParseIntPipe,
  Post,
  UseFilters,
  type ExceptionFilter,
} from '@nestjs/common';
import { Futures, FuturesService, UseFutures, taskFile } from 'nestjs-futures';
import { DELIBERATE, PLACEHOLDER } from './limits.js';

const FILE = new URL('./chaos.tasks.js', import.meta.url);
const safe = taskFile<typeof import('./chaos.tasks.js')>(FILE, { idempotent: true });
const sabotage = taskFile<typeof import('./chaos.tasks.js')>(FILE, { name: 'sabotage' });

/** Threads of a pool that the app owns are never ended by the module, whatever is wrong with them. */
const SABOTAGED = process.argv[3] === 'own' ? ['process'] : ['thread', 'process'];

const N = () => Param('n', ParseIntPipe);

/** A filter that fails itself. */
@Catch()
class ThrowingFilter implements ExceptionFilter {
  catch(): never {
    throw new Error(`${DELIBERATE}: a filter that throws`);
  }
}

interface Deep {
  readonly n: number;
  readonly data: unknown[];
}

function valueOf(futures: FuturesService, n: number): string {
  return futures.resultOrSubmit(`value of ${n}`, PLACEHOLDER, safe.compute, n, 0, 1);
}

function depthOf(data: unknown): number {
  let depth = 0;
  for (let inner = data; Array.isArray(inner); inner = inner[0]) depth++;
  return depth;
}

/** What clients, filters and handlers do wrong, and tasks to their workers. */
const KNOWS_PROMISES = Number.parseInt(process.versions.node, 10) >= 24;

@Controller()
export class HostileController {
  @UseFilters(ThrowingFilter)
  @Get('filtered/:n')
  filtered(@N() n: number, @Futures() futures: FuturesService): never {
    throw new Error(`${DELIBERATE}: ${valueOf(futures, n)}`);
  }

  @UseFilters(ThrowingFilter)
  @UseFutures({ replay: 'request' })
  @Get('filtered-clone/:n')
  filteredClone(@N() n: number, @Futures() futures: FuturesService): never {
    throw new Error(`${DELIBERATE}: ${valueOf(futures, n)}`);
  }

  @Post('deep')
  deep(@Body() body: Deep, @Futures() futures: FuturesService) {
    return this.#echo(body, futures);
  }

  @Post('deep-process')
  deepProcess(@Body() body: Deep, @Futures() futures: FuturesService) {
    return this.#echo(body, futures.using({ executor: 'process' }));
  }

  /** What it started before the barrier goes on after the pass has been thrown away, and fails. */
  @Get('early/:n')
  async early(@N() n: number, @Futures() futures: FuturesService) {
    const early = this.#load(n, futures);
    const value = valueOf(futures, n);
    futures.barrier();
    return [value, await early];
  }

  @Get('poison/:n')
  poison(@N() n: number, @Futures() futures: FuturesService) {
    return this.#spoil(n, futures, sabotage.poison);
  }

  @Get('muted/:n')
  muted(@N() n: number, @Futures() futures: FuturesService) {
    return this.#spoil(n, futures, sabotage.mute);
  }

  @Get('timer-loop/:n')
  timerLoop(@N() n: number, @Futures() futures: FuturesService) {
    return this.#spoil(n, futures, sabotage.leaveTimerLoop);
  }

  @Get('microtask-loop/:n')
  microtaskLoop(@N() n: number, @Futures() futures: FuturesService) {
    return this.#spoil(n, futures, sabotage.leaveMicrotaskLoop);
  }

  #echo({ n, data }: Deep, futures: FuturesService) {
    const echoed = futures.resultOrSubmit(`data of ${n}`, [], safe.echo, data);
    return [valueOf(futures, n), depthOf(echoed)];
  }

  /**
   * Fails by an error of the module in one request, and by one of its own in the next. Before Node 24
   * nothing tells whose that is, and it would end the server.
   */
  async #load(n: number, futures: FuturesService): Promise<string> {
    const { isReplay } = futures;
    await setTimeout(2);
    if (n % 2 === 0 || !KNOWS_PROMISES) futures.result(`value of ${n}`);
    else if (!isReplay) throw new Error(`${DELIBERATE}: loaded too early`);
    return `early ${n}`;
  }

  #spoil(n: number, futures: FuturesService, task: (n: number) => string) {
    const executor = SABOTAGED[n % SABOTAGED.length] as string;
    return [futures.using({ executor }).resultOrSubmit(`sabotage ${n}`, PLACEHOLDER, task, n)];
  }
}
