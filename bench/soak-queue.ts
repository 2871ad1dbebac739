import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { FuturesModule, WorkerPool, taskFile } from 'nestjs-futures';
import { bullmqExecutor } from 'nestjs-futures/bullmq';

/*
 * Many futures over two workers, one of which is killed every two seconds: none may be lost or
 * answered twice, and nothing may be left in Redis. It starts a redis-server of its own.
 */

const { values: options } = parseArgs({
  options: {
    futures: { type: 'string', default: '100000' },
    batch: { type: 'string', default: '10' },
    clients: { type: 'string', default: '64' },
  },
});
const [FUTURES, BATCH, CLIENTS] = [options.futures, options.batch, options.clients].map(Number) as [
  number,
  number,
  number,
];
const KILL_EVERY = 2_000;
/** What a process that was killed has in Redis expires after 30 s. */
const EXPIRY = 32_000;

// A call whose worker dies under it is run again.
const tasks = taskFile<typeof import('./tasks/soak.tasks.js')>(
  new URL('./tasks/soak.tasks.js', import.meta.url),
  { idempotent: true },
);

interface Tally {
  answered: number;
  wrong: number;
  readonly errors: Map<string, number>;
}

async function startRedis(): Promise<{ readonly port: number; stop(): void }> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const server = spawn('redis-server', ['--port', String(port), '--save', ''], { stdio: 'ignore' });
  return { port, stop: () => void server.kill('SIGKILL') };
}

async function startWorker(port: number): Promise<ChildProcess> {
  const file = fileURLToPath(new URL('./soak-worker.js', import.meta.url));
  const worker = fork(file, [String(port)]);
  await once(worker, 'message');
  return worker;
}

/** Runs `total` futures; resolves to what became of them, and what the executor has counted. */
async function runFutures(port: number, total: number): Promise<Tally & { counted: number }> {
  const queue = bullmqExecutor({ connection: { port }, queue: 'soak' });
  const app = await NestFactory.createApplicationContext(
    FuturesModule.forRoot({ executor: 'queue', executors: { queue } }),
    { logger: ['error', 'warn'] },
  );
  const pool = app.get(WorkerPool);
  const tally: Tally = { answered: 0, wrong: 0, errors: new Map() };
  let next = 0;
  const ask = async (n: number) => {
    try {
      if ((await pool.run(tasks.square, n)) !== n * n) tally.wrong++;
    } catch (error) {
      const { name } = error as Error;
      tally.errors.set(name, (tally.errors.get(name) ?? 0) + 1);
    }
    tally.answered++;
  };
  const client = async () => {
    while (next < total) {
      const batch = Array.from({ length: Math.min(BATCH, total - next) }, () => ask(next++));
      await Promise.all(batch);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const { resolved, failed } = queue.stats();
  await app.close();
  return { ...tally, counted: resolved + failed };
}

async function memory(client: Redis): Promise<number> {
  await client.call('MEMORY', 'PURGE');
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
}

async function stopAll(workers: readonly ChildProcess[]): Promise<void> {
  for (const worker of workers) worker.kill('SIGTERM');
  await Promise.all(
    workers.map(
      (worker) => worker.exitCode === null && worker.signalCode === null && once(worker, 'exit'),
    ),
  );
}

const redis = await startRedis();
const client = new Redis(redis.port);
client.on('error', () => {});
await client.ping();

// What the queue has for good, and what Redis has of its clients, is there before the count.
const first = [await startWorker(redis.port), await startWorker(redis.port)];
await runFutures(redis.port, 10_000);
await stopAll(first);
const before = await memory(client);

const workers = [await startWorker(redis.port), await startWorker(redis.port)];
let kills = 0;
const isOver = new AbortController();
const killing = (async () => {
  while (!isOver.signal.aborted) {
    await setTimeout(KILL_EVERY, undefined, { signal: isOver.signal }).catch(() => {});
    if (isOver.signal.aborted) return;
    workers[kills % 2]?.kill('SIGKILL');
    workers[kills % 2] = await startWorker(redis.port);
    kills++;
  }
})();
const started = performance.now();
const tally = await runFutures(redis.port, FUTURES);
const seconds = (performance.now() - started) / 1_000;
isOver.abort();
await killing;
await stopAll(workers);
await setTimeout(EXPIRY);
const after = await memory(client);
const keys = await client.keys('*');
client.disconnect();
redis.stop();

const failed = [...tally.errors].map(([name, count]) => `${count} ${name}`).join(', ') || 'none';
console.log(`${FUTURES} futures in ${seconds.toFixed(1)} s, ${kills} workers killed`);
console.log(`answered ${tally.answered}, counted ${tally.counted}, wrong ${tally.wrong}`);
console.log(`failed: ${failed}`);
console.log(`Redis: ${before} bytes before, ${after} after; keys: ${keys.join(', ')}`);
const isWhole = tally.answered === FUTURES && tally.counted === FUTURES && tally.wrong === 0;
const isClean = keys.every((key) => /:(meta|id|events)$/.test(key)) && after < before * 1.05;
process.exitCode = isWhole && isClean && tally.errors.size === 0 ? 0 : 1;
