import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { taskFile } from '../../src/index.js';
import { BullmqExecutor } from '../../src/bullmq/bullmq.executor.js';
import {
  resolveBullmqOptions,
  type BullmqExecutorOptions,
} from '../../src/bullmq/bullmq.options.js';
import { probe, reachPort } from '../support/services.js';
import { until } from '../support/wait.js';

const WORKER = fileURLToPath(new URL('../fixtures/queue-worker.js', import.meta.url));
const STEPPED_CLOCK = new URL('../fixtures/stepped-clock.js', import.meta.url).href;
const FLEET = new URL('../fixtures/fleet.tasks.js', import.meta.url);

export const REDIS = { host: '127.0.0.1', port: 6379 };
export const redisService = await probe('Redis', () => reachPort(REDIS.host, REDIS.port));

export const fleet = taskFile<typeof import('../fixtures/fleet.tasks.js')>(FLEET);
export const idempotentFleet = taskFile<typeof import('../fixtures/fleet.tasks.js')>(FLEET, {
  idempotent: true,
});

/** A queue of the test's own. */
export interface TestQueue {
  readonly connection: { readonly host: string; readonly port: number };
  readonly queue: string;
  readonly prefix: string;
}

const afterTest: (() => unknown)[] = [];
const afterSuite: (() => unknown)[] = [];
let isInTest = false;

/** Runs after the test, or, if asked for outside of one, after the suite; the last one first. */
export function cleanUp(end: () => unknown): void {
  (isInTest ? afterTest : afterSuite).push(end);
}

async function run(ends: (() => unknown)[]): Promise<void> {
  for (const end of ends.splice(0).toReversed()) await end();
}

beforeEach(() => {
  isInTest = true;
});

afterEach(async () => {
  await run(afterTest);
  isInTest = false;
});

afterAll(() => run(afterSuite));

/** Its keys are removed when it is no longer used. */
export function testQueue(port = REDIS.port): TestQueue {
  const prefix = `test-${randomUUID()}`;
  const redis = port === REDIS.port ? REDIS : { host: '127.0.0.1', port };
  if (port === REDIS.port) {
    cleanUp(async () => {
      const keys = await keysOf(prefix);
      if (keys.length > 0) await withRedis((client) => client.del(keys));
    });
  }
  return { connection: redis, queue: 'futures', prefix };
}

/** Every key of a test's queue. */
export function keysOf(prefix: string): Promise<string[]> {
  return withRedis((client) => client.keys(`${prefix}:*`));
}

export async function withRedis<Value>(use: (client: Redis) => Promise<Value>): Promise<Value> {
  const client = new Redis(REDIS);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

export function startExecutor(
  queue: Pick<BullmqExecutorOptions, 'connection' | 'queue' | 'prefix'>,
  options: Partial<BullmqExecutorOptions> = {},
): BullmqExecutor {
  const executor = new BullmqExecutor(resolveBullmqOptions({ ...queue, ...options }));
  cleanUp(() => executor.close({ timeout: 0 }));
  return executor;
}

export interface TestWorker {
  readonly process: ChildProcess;
  readonly pid: number;
  /** What it has logged. */
  readonly log: () => string;
  /** Ends it by a signal; resolves when it has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Options of the worker's module, and the task files it has. */
export interface WorkerOptions {
  files?: string[];
  [option: string]: unknown;
}

/** A worker process on what is built; it is killed after the test. */
export async function startWorker(
  queue: TestQueue,
  options: WorkerOptions = {},
  execArgv: readonly string[] = [],
): Promise<TestWorker> {
  const worker = spawnWorker(queue, options, execArgv);
  const [line] = (await Promise.race([
    once(createInterface(worker.process.stdout!), 'line'),
    once(worker.process, 'exit').then(() => [worker.log()]),
  ])) as [string];
  if (line !== 'ready') throw new Error(`The worker did not start: ${line}`);
  return worker;
}

/** @param execArgv options of Node for the worker's process */
export function spawnWorker(
  queue: TestQueue,
  options: WorkerOptions = {},
  execArgv: readonly string[] = [],
): TestWorker {
  const files = ['basic.tasks.js', 'fleet.tasks.js'].map((file) => `./${file}`);
  const child = spawn(
    process.execPath,
    [...execArgv, WORKER, JSON.stringify({ ...queue, files, threads: { max: 2 }, ...options })],
    // The environment is that of the servers of the hostile tests, which compare the two.
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } },
  );
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  // Nest logs warnings there.
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString().replace(/^ready\n/, '')));
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  cleanUp(() => kill());
  return { process: child, pid: child.pid ?? 0, log: () => log, kill };
}

/** The wall clock of workers that are started with `execArgv`, which the test steps. */
export function stepWorkerClock(): { readonly execArgv: string[]; step(ms: number): void } {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-futures-clock-'));
  cleanUp(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'step');
  const preload = `process.env.NESTJS_FUTURES_STEP = ${JSON.stringify(file)}; await import(${JSON.stringify(STEPPED_CLOCK)});`;
  return {
    execArgv: ['--import', `data:text/javascript,${encodeURIComponent(preload)}`],
    step: (ms) => writeFileSync(file, String(ms)),
  };
}

/** A folder by which a test and its tasks, in other processes, tell each other how far they are. */
export class Signals {
  readonly folder = mkdtempSync(join(tmpdir(), 'nestjs-futures-fleet-'));

  constructor() {
    cleanUp(() => rmSync(this.folder, { recursive: true }));
  }

  /** The processes in which tasks have started, one for each time. */
  get started(): number[] {
    return readdirSync(this.folder)
      .filter((name) => name.startsWith('started-'))
      .map((name) => Number(name.split('-')[1]));
  }

  get names(): string[] {
    return readdirSync(this.folder);
  }

  open(name = 'open'): void {
    writeFileSync(join(this.folder, name), '');
  }

  async reached(count: number): Promise<number[]> {
    await until(`${count} tasks to start`, () => this.started.length >= count);
    return this.started;
  }
}
