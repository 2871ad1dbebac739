import { Controller, Get, Param } from '@nestjs/common';
import {
  Futures,
  FuturesService,
  UseFutures,
  isFuturesException,
  taskFile,
  type FuturesModuleOptions,
} from '../../../src/index.js';
import { startApp, type TestApp } from '../../support/app.js';
import { programOf, randomOf, type TaskName } from './program.js';
import * as plain from './property.tasks.js';
import { runProgram, type Memo } from './run.js';

type AnyTask = (a: unknown, b: unknown) => unknown;
/** By name: a program names them. */
const plainly: Readonly<Record<TaskName, AnyTask>> = plain;
const tasks: Readonly<Record<TaskName, AnyTask>> = taskFile<typeof plain>(
  new URL('./property.tasks.js', import.meta.url),
);

/** `PROPERTY_SEED` repeats a run, `PROPERTY_SECONDS` makes it longer. */
const SEED = Number(process.env.PROPERTY_SEED ?? Date.now() % 1_000_000);
const SECONDS = Number(process.env.PROPERTY_SECONDS ?? 20);

const PLACEHOLDERS = { add: 0, list: [], join: '', failIfOdd: 0 };
const REPLAYS = ['handler', 'request'] as const;
/** What a handler keeps between passes, by request. */
const memos = new Map<string, Memo>();

function answerOf(n: string, futures: FuturesService): unknown {
  let memo = memos.get(n);
  if (memo === undefined) memos.set(n, (memo = new Map()));
  return runProgram(
    programOf(Number(n)),
    (key, task, [a, b]) =>
      futures.resultOrSubmit(
        key,
        structuredClone(PLACEHOLDERS[task]) as unknown,
        tasks[task],
        a,
        b,
      ),
    memo,
  );
}

@Controller()
class Desk {
  @Get('handler/:n')
  handler(@Param('n') n: string, @Futures() futures: FuturesService) {
    return answerOf(n, futures);
  }

  @UseFutures({ replay: 'request' })
  @Get('request/:n')
  request(@Param('n') n: string, @Futures() futures: FuturesService) {
    return answerOf(n, futures);
  }
}

/** What plain code answers: the value, or the message of the error. */
function expected(n: number): unknown {
  try {
    return {
      value: runProgram(
        programOf(n),
        (_key, task, args) => structuredClone(plainly[task](...args)),
        new Map(),
      ),
    };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

const FUTURES: FuturesModuleOptions = { maxPasses: 60, threads: { max: 1 } };

describe.each([
  ['express', 'thread'],
  ['fastify', 'inline'],
] as const)('random handlers (seed %s)', (adapter, executor) => {
  let app: TestApp;
  const errors = new Map<string, unknown>();

  beforeAll(async () => {
    app = await startApp(adapter, {
      controllers: [Desk],
      futures: { ...FUTURES, executor },
      setup: (nest) => {
        nest.useGlobalFilters({
          catch(error: unknown, host) {
            errors.set(host.getArgByIndex<{ url: string }>(0).url, error);
            const response = host
              .switchToHttp()
              .getResponse<{ status(code: number): { send(body: string): void } }>();
            response.status(500).send('failed');
          },
        });
      },
    });
  });

  it(
    `answer like plain code, or with an error of this module (PROPERTY_SEED=${SEED})`,
    async () => {
      const random = randomOf(SEED);
      const end = performance.now() + (SECONDS * 1_000) / 2;
      const counts = { same: 0, refused: 0 };
      while (performance.now() < end) {
        const n = Math.floor(random() * 1e9);
        for (const replay of REPLAYS) {
          memos.clear();
          const path = `/${replay}/${n}`;
          const { status, body } = await app.get(path);
          const error = errors.get(path);
          errors.clear();
          if (isFuturesException(error)) counts.refused++;
          else {
            const actual = status === 200 ? { value: body } : { error: (error as Error).message };
            expect({ path, ...actual }).toEqual({ path, ...(expected(n) as object) });
            counts.same++;
          }
        }
      }
      // Most handlers are answered, or this tests nothing.
      expect(counts.same).toBeGreaterThan(5 * counts.refused);
    },
    SECONDS * 1_000 + 20_000,
  );
});
