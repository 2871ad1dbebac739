import { fileURLToPath } from 'node:url';
import { Controller, Get } from '@nestjs/common';
import { FixedThreadPool, WorkerChoiceStrategies } from 'poolifier';
import { Tinypool } from 'tinypool';
import workerpool from 'workerpool';
import { THREADS } from '../../threads.js';
import { rootModule, type AppFile } from '../app-file.js';

/*
 * The same handler with other pools, each with its best settings for this. Pools start their
 * threads when they are created, so each pool is created only in the server that uses it.
 */

type Run = (value: number) => unknown;

function controllerOf(createRun: () => Run) {
  @Controller()
  class PeerController {
    readonly #run = createRun();

    @Get('ten')
    async ten(): Promise<object> {
      return { values: await Promise.all(Array.from({ length: 10 }, (_, i) => this.#run(i))) };
    }
  }
  return PeerController;
}

function workerFile(name: string): string {
  return fileURLToPath(new URL(`../../tasks/${name}.js`, import.meta.url));
}

function tinypool(): Run {
  const pool = new Tinypool({
    filename: new URL('../../tasks/echo.worker.js', import.meta.url).href,
    minThreads: THREADS,
    maxThreads: THREADS,
  });
  return (value) => pool.run(value);
}

function workerpoolOfThreads(): Run {
  const pool = workerpool.pool(workerFile('echo.workerpool'), {
    workerType: 'thread',
    minWorkers: THREADS,
    maxWorkers: THREADS,
  });
  return (value) => pool.exec('echo', [value]);
}

function poolifier(): Run {
  const pool = new FixedThreadPool<number, number>(THREADS, workerFile('echo.poolifier'), {
    workerChoiceStrategy: WorkerChoiceStrategies.ROUND_ROBIN,
    enableEvents: false,
  });
  return (value) => pool.execute(value);
}

export const apps: AppFile['apps'] = {
  tinypool: rootModule([controllerOf(tinypool)]),
  workerpool: rootModule([controllerOf(workerpoolOfThreads)]),
  poolifier: rootModule([controllerOf(poolifier)]),
};
