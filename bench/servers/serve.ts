import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { answer } from '../child.js';
import type { AdapterName } from '../benchmark.js';
import type { AppFile } from './app-file.js';

const [file = '', name = '', adapterName = ''] = process.argv.slice(2);
const delay = monitorEventLoopDelay({ resolution: 1 });
const listening = listen();

const answers = {
  /** Where the server listens, and since when, in ms since the process started. */
  started: () => listening,
  memory: () => memory(),
  /** Starts to measure the event loop delay and the process's resource usage. */
  watch: () => watch(),
  watched: () => watched(),
};

/** What a server process answers. */
export type ServerAnswers = typeof answers;

answer(answers);

async function listen(): Promise<{ readonly port: number; readonly after: number }> {
  const { apps } = (await import(`./apps/${file}.js`)) as AppFile;
  const root = apps[name];
  if (root === undefined) throw new Error(`There is no app ${file}/${name}.`);
  const app = await NestFactory.create(root, await adapter(adapterName as AdapterName), {
    logger: false,
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { port, after: performance.now() };
}

async function adapter(wanted: AdapterName) {
  if (wanted === 'express') {
    const { ExpressAdapter } = await import('@nestjs/platform-express');
    return new ExpressAdapter();
  }
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  return new FastifyAdapter();
}

/** In bytes; after a full garbage collection if the process was started with `--expose-gc`. */
async function memory(): Promise<{
  readonly heap: number;
  readonly external: number;
  readonly rss: number;
}> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    // The next collection picks up what finalizers and closed connections release.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed, external, rss };
}

let cpu = process.cpuUsage();
let utilization = performance.eventLoopUtilization();

function watch(): void {
  cpu = process.cpuUsage();
  utilization = performance.eventLoopUtilization();
  delay.reset();
  delay.enable();
}

function watched() {
  delay.disable();
  const { user, system } = process.cpuUsage(cpu);
  return {
    /** The 99th percentile, in ms. */
    delay: delay.percentile(99) / 1e6,
    /** CPU time of all threads, in ms. */
    cpu: (user + system) / 1000,
    /** Fraction of the time that the event loop was busy. */
    utilization: performance.eventLoopUtilization(utilization).utilization,
  };
}
