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
 * Runs many futures on two workers and kills one of them every two seconds: no future may be lost
 * or answered twice, and nothing may stay in Redis. Starts a redis-server of its own.
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
/** The data of a killed process expires from Redis after 30 s. */
const EXPIRY = 32_000;

// A call runs again if its worker dies.
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

/** Runs `total` futures; resolves to their results, and to what the executor counted. */
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
      const text = String(error);
      tally.errors.set(text, (tally.errors.get(text) ?? 0) + 1);
    }
    tally.answered++;
  };
  const client = async () => {
    for (let size = 1; size > 0;) {
      size = Math.min(BATCH, total - next);
      await Promise.all(Array.from({ length: size }, () => ask(next++)));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const { resolved, failed } = queue.stats();
  await app.close();
  return { ...tally, counted: resolved + failed };
}

/** Memory that Redis uses, and the part of it used by keys, in bytes. */
async function memory(client: Redis): Promise<{ used: number; keys: number }> {
  await client.call('MEMORY', 'PURGE');
  // Redis keeps a log of slow commands with their arguments.
  await client.slowlog('RESET');
  const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  let keys = 0;
  for (const key of await client.keys('*')) keys += (await client.memory('USAGE', key)) ?? 0;
  return { used, keys };
}

async function stopAll(workers: readonly ChildProcess[]): Promise<void> {
  const alive = workers.filter(
    ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
  );
  const ended = alive.map((worker) => once(worker, 'exit'));
  for (const worker of alive) worker.kill('SIGTERM');
  await Promise.all(ended);
}

const redis = await startRedis();
const client = new Redis(redis.port);
client.on('error', () => {});
await client.ping();

// Warms up, and kills a worker too, so that what Redis keeps for good (of the queue, clients and
// scripts) is there before memory is measured.
const first = await Promise.all([startWorker(redis.port), startWorker(redis.port)]);
const warmUp = runFutures(redis.port, 10_000);
await setTimeout(KILL_EVERY);
first[0]?.kill('SIGKILL');
await warmUp;
await stopAll(first);
await setTimeout(EXPIRY);
const before = await memory(client);

const workers = await Promise.all([startWorker(redis.port), startWorker(redis.port)]);
let kills = 0;
const starting: Promise<unknown>[] = [];
const killing = setInterval(() => {
  // The longest-running worker. If both are starting, there is none to kill.
  const victim = workers.shift();
  if (victim === undefined) return;
  victim.kill('SIGKILL');
  kills++;
  starting.push(startWorker(redis.port).then((worker) => workers.push(worker)));
}, KILL_EVERY);
const started = performance.now();
const tally = await runFutures(redis.port, FUTURES);
const seconds = (performance.now() - started) / 1_000;
clearInterval(killing);
await Promise.all(starting);
await stopAll(workers);
await setTimeout(EXPIRY);
const after = await memory(client);
const keys = await client.keys('*');
client.disconnect();
redis.stop();

const failed = [...tally.errors].map(([text, count]) => `${count} ${text}`).join('\n') || 'none';
console.log(`${FUTURES} futures in ${seconds.toFixed(1)} s, ${kills} workers killed`);
console.log(`answered ${tally.answered}, counted ${tally.counted}, wrong ${tally.wrong}`);
console.log(`failed: ${failed}`);
console.log(`Redis, in bytes: ${before.used} before, ${after.used} after`);
console.log(`of its keys: ${before.keys} before, ${after.keys} after: ${keys.join(', ')}`);
const isWhole = tally.answered === FUTURES && tally.counted === FUTURES && tally.wrong === 0;
const isClean =
  keys.every((key) => /:(meta|id|events)$/.test(key)) && after.used < before.used * 1.1;
process.exitCode = isWhole && isClean && tally.errors.size === 0 ? 0 : 1;
