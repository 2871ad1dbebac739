import { Controller, Get, Param } from '@nestjs/common';
import {
  Future,
  Futures,
  FuturesService,
  WorkerPool,
  type FuturesModuleOptions,
} from '../../src/index.js';
import type { AppOptions, TestApp } from '../support/app.js';
import { tasks } from '../support/tasks.js';
import { ask, type Answer } from './ask.js';
import { MAX_QUEUE, WORKERS, type Kind } from './faults.js';
import { Gate, gateTasks } from '../support/gate.js';
import { until } from '../support/wait.js';

const MEMORY = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 };

/** An app that meets a fault at `/fault/:n`, and has other routes, which the fault must not touch. */
export function deskOf(
  kind: Kind,
  meet: (futures: FuturesService, key: string) => unknown = () => {},
  options: FuturesModuleOptions = {},
): AppOptions {
  @Controller()
  class Desk {
    @Get('fault/:n')
    fault(@Param('n') n: string, @Futures() futures: FuturesService) {
      return meet(futures, `fault ${n}.`);
    }

    @Get('enter/:port/:n')
    enter(@Param('port') port: string, @Param('n') n: string, @Futures() futures: FuturesService) {
      const worker = futures.resultOrSubmit('worker', '', gateTasks.enter, Number(port));
      return { n, hasWorker: worker !== '' };
    }

    @Get('together/:port')
    together(@Param('port') port: string, @Futures() futures: FuturesService) {
      return Array.from({ length: WORKERS }, (_, i) =>
        futures.resultOrSubmit(`worker ${i}`, '', gateTasks.enter, Number(port)),
      );
    }

    @Get('asked/:n')
    asked(@Param('n') n: string, @Futures() futures: FuturesService) {
      const sum = futures.resultOrSubmit('sum', -1, tasks.add, Number(n), 1);
      const word = futures.resultOrSubmit('word', '', tasks.greet, n);
      return { sum, word };
    }

    @Get('chained/:n')
    chained(@Param('n') n: string, @Futures() futures: FuturesService) {
      const sum = futures.resultOrSubmit('sum', -1, tasks.add, Number(n), 1);
      futures.barrier();
      return { sum, word: futures.resultOrSubmit('word', '', tasks.greet, `${sum}`) };
    }

    @Get('declared/:n')
    declared(
      @Future('word', { task: tasks.greet, args: (ctx) => [idOf(ctx.getArgByIndex(0))] })
      word: string,
    ) {
      return { word };
    }

    @Get('plain/:n')
    plain(@Param('n') n: string) {
      return { n };
    }

    @Get('goodbye')
    goodbye() {
      return 'goodbye';
    }
  }
  return {
    controllers: [Desk],
    futures: {
      executor: kind,
      threads: { max: WORKERS, maxQueue: MAX_QUEUE, resourceLimits: MEMORY },
      processes: { max: WORKERS, maxQueue: MAX_QUEUE },
      ...options,
    },
  };
}

function idOf({ params }: { params: { n: string } }): string {
  return params.n;
}

const HEALTHY: ((n: number) => [path: string, body: unknown])[] = [
  (n) => [`/asked/${n}`, { sum: n + 1, word: `Hello, ${n}` }],
  (n) => [`/chained/${n}`, { sum: n + 1, word: `Hello, ${n + 1}` }],
  (n) => [`/declared/${n}`, { word: `Hello, ${n}` }],
  (n) => [`/plain/${n}`, { n: `${n}` }],
];

/** Requests that have nothing to do with a fault. */
export interface HealthyRequests {
  readonly answers: Promise<Answer[]>;
  /** Fails unless each is answered, with its own values. */
  expectRight(): Promise<void>;
}

export function sendHealthy(app: TestApp, count: number): HealthyRequests {
  const sent = Array.from({ length: count }, (_, n) => {
    const [path, body] = (HEALTHY[n % HEALTHY.length] as (typeof HEALTHY)[number])(n);
    return { answer: ask(app.url, path), expected: { path, status: 200, body } };
  });
  const answers = Promise.all(sent.map(({ answer }) => answer));
  return {
    answers,
    expectRight: async () =>
      expect((await answers).map(summary)).toEqual(sent.map(({ expected }) => expected)),
  };
}

function summary({ path, status, body }: Answer) {
  return { path, status, body: JSON.parse(body) as unknown };
}

/** Requests that wait at a gate. */
export interface Occupation {
  /** Resolves when they have been let go, and answered. */
  release(): Promise<void>;
  readonly answers: Promise<Answer[]>;
  /** Takes away the gate. */
  leave(): Promise<void>;
}

/** Sends so many requests that keep a worker each, until they are released; resolves when all workers are kept. */
export async function occupy(app: TestApp, count = WORKERS): Promise<Occupation> {
  const gate = await Gate.make();
  const held = Array.from({ length: count }, (_, n) => ask(app.url, `/enter/${gate.port}/${n}`));
  await gate.reached(Math.min(count, WORKERS));
  const answers = Promise.all(held);
  return {
    answers,
    release: async () => {
      gate.open();
      expect((await answers).map(summary)).toEqual(
        held.map((_, n) => ({
          path: `/enter/${gate.port}/${n}`,
          status: 200,
          body: { n: `${n}`, hasWorker: true },
        })),
      );
      await gate.close();
    },
    leave: () => gate.close(),
  };
}

/** Fails unless as many tasks as there may be workers can run at once, and nothing else runs or waits. */
export async function expectWhole({ app, url }: TestApp, kind: Kind): Promise<void> {
  const gate = await Gate.make(WORKERS);
  const { status, body } = await ask(url, `/together/${gate.port}`);
  expect(status).toBe(200);
  expect(new Set(JSON.parse(body) as string[]).size).toBe(WORKERS);
  await gate.close();
  const stats = () => app.get(WorkerPool).stats()[kind];
  // An answer may be there before the worker has said that it is done.
  await until('the worker to be done', () => stats()?.running === 0);
  expect(stats()).toMatchObject({ workers: WORKERS, queued: 0, running: 0 });
}
