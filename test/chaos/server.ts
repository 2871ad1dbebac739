import {
  Catch,
  type ArgumentsHost,
  type INestApplication,
  type LoggerService,
} from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { FuturesModule, isFuturesException, taskFile, WorkerPool } from 'nestjs-futures';
import { Piscina } from 'piscina';
import { DeskController, Ledger, ScopedController } from './desk.controller.js';
import { HostileController } from './hostile.controller.js';
import { DELIBERATE, MAX_QUEUE, WORKERS } from './limits.js';
import type { ServerMessage, ServerReport } from './server-process.js';
import { countAtOnce } from './worker-count.js';

/*
 * The server of a run, a process of its own: node server.js <express|fastify> <own|module>
 * <http1|http2>, where the second says whose the thread pool is.
 */

const idle = taskFile<typeof import('./chaos.tasks.js')>(
  new URL('./chaos.tasks.js', import.meta.url),
  { name: 'idle', idempotent: true },
);
const fatal = taskFile<typeof import('./chaos.tasks.js')>(
  new URL('./chaos.tasks.js', import.meta.url),
  { name: 'fatal' },
);

/** How an odd argument or result is refused. */
const REFUSALS = new Set<string>(['ERR_FUTURES_TASK_ARGUMENT', 'ERR_FUTURES_TASK_RESULT']);

/** Counts what is logged, by the key that it is about. */
class Log implements LoggerService {
  readonly counts = new Map<string, number>();
  readonly unexpected: string[] = [];

  log(): void {}

  warn(): void {}

  error(error: unknown): void {
    if (isFuturesException(error) && error.code === 'ERR_FUTURES_BROKEN_EXECUTOR') {
      this.counts.set(error.key ?? '', (this.counts.get(error.key ?? '') ?? 0) + 1);
    } else if (!isExpected(error)) {
      this.unexpected.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  get twice(): number {
    return [...this.counts.values()].filter((count) => count > 1).length;
  }
}

function isExpected(error: unknown): boolean {
  if (isFuturesException(error)) return REFUSALS.has(error.code);
  // The client hung up before it had sent the whole body.
  if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') return true;
  return error instanceof Error && error.message.startsWith(DELIBERATE);
}

/** Tells the runner the error's code and message, beside what Nest answers. */
@Catch()
class CodeFilter extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    if (isFuturesException(error)) {
      const response = host.switchToHttp().getResponse<object>();
      this.applicationRef?.setHeader(response, 'x-code', error.code);
      this.applicationRef?.setHeader(response, 'x-reason', encodeURI(error.message));
    }
    // oxlint-disable-next-line promise/valid-params, promise/no-promise-in-callback -- a Nest filter, not a promise
    super.catch(error, host);
  }
}

const [, , adapter, poolOwner, protocol] = process.argv;
const pool = poolOwner === 'own' ? new Piscina({ maxThreads: WORKERS }) : undefined;
// The death of an idle thread is an error of the pool.
pool?.on('error', () => {});

const log = new Log();
const app = await NestFactory.create(
  {
    module: class ChaosModule {},
    imports: [
      FuturesModule.forRoot({
        threads: { max: WORKERS, maxQueue: MAX_QUEUE, ...(pool && { pool }) },
        processes: { max: WORKERS, maxQueue: MAX_QUEUE },
      }),
    ],
    controllers: [DeskController, HostileController, ScopedController],
    providers: [Ledger],
  },
  adapter === 'express'
    ? new ExpressAdapter()
    : (new FastifyAdapter(protocol === 'http2' ? { http2: true } : {}) as never),
  { logger: log },
);
app.use(tellWhichIsAnswered);
app.useGlobalFilters(new CodeFilter(app.get(HttpAdapterHost).httpAdapter));
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
// Longer than any pause of a client, so that none meets a connection that is just being closed.
(app.getHttpServer() as { keepAliveTimeout: number }).keepAliveTimeout = 60_000;

const workerPool = app.get(WorkerPool);
let threadsKilled = 0;
let killing = 0;

process.on('message', (message) => {
  if (message === 'kill a thread') void killThread();
  if (message === 'report') void send({ type: 'report', ...report(app) });
  if (message === 'count workers') void countWorkers().then(send);
});
process.on('disconnect', () => process.exit());
await send({ type: 'ready', url: await app.getUrl() });

/** From outside if the pool is ours; else by a task that ends it, in one of the ways there are. */
async function killThread(): Promise<void> {
  if (pool !== undefined) {
    const thread = pool.threads[Math.floor(Math.random() * pool.threads.length)];
    if (thread === undefined) return;
    threadsKilled++;
    await thread.terminate();
    return;
  }
  // Where threads start more slowly than they are to be killed, what kills them must not pile up.
  if (killing >= 2 * WORKERS) return;
  killing++;
  const ways = [fatal.exit, fatal.throwLater, fatal.rejectUnseen];
  const way = ways[threadsKilled % ways.length] as () => Promise<void>;
  try {
    await workerPool.run(way);
    log.error(new Error('A task that ends its thread has returned.'));
  } catch (error) {
    if (isFuturesException(error)) threadsKilled++;
    else log.error(error);
  }
  killing--;
}

/** How many tasks run at once in each pool. */
async function countWorkers(): Promise<ServerMessage> {
  const count = (executor: string) =>
    countAtOnce((port) => workerPool.using({ executor }).run(idle.meet, port));
  const [threads, processes] = await Promise.all([count('thread'), count('process')]);
  return { type: 'workers', threads, processes };
}

function report(nest: INestApplication): ServerReport {
  const { thread, process: processes } = nest.get(WorkerPool).stats();
  return {
    threadsKilled,
    busy: [thread, processes].reduce(
      (sum, each) => sum + (each?.queued ?? 0) + (each?.running ?? 0),
      0,
    ),
    loggedTwice: log.twice,
    unexpectedLog: log.unexpected,
  };
}

function send(message: ServerMessage): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

function tellWhichIsAnswered(
  request: { headers: Record<string, string> },
  response: { setHeader(name: string, value: string): void },
  next: () => void,
): void {
  response.setHeader('x-answers', request.headers['x-asks'] ?? '');
  next();
}
