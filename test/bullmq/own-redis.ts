import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { probe, reachPort } from '../support/services.js';
import { cleanUp } from './support.js';
import { until } from '../support/wait.js';

export const redisServer = await probe('redis-server', async () => {
  const version = spawn('redis-server', ['--version'], { stdio: 'ignore' });
  await once(version, 'exit');
});

/** A Redis of the test's own, which it stops and starts. */
export class OwnRedis {
  port = 0;
  readonly #folder = mkdtempSync(join(tmpdir(), 'nestjs-futures-redis-'));
  #process: ChildProcess | undefined;

  readonly #args: readonly string[];

  /** @param args more arguments of redis-server */
  constructor(...args: string[]) {
    this.#args = args;
    cleanUp(async () => {
      await this.stop();
      rmSync(this.#folder, { recursive: true });
    });
  }

  async start(): Promise<this> {
    if (this.port === 0) this.port = await freePort();
    const args = ['--port', String(this.port), '--dir', this.#folder, '--save', ''];
    this.#process = spawn('redis-server', [...args, ...this.#args], { stdio: 'ignore' });
    await until('Redis to listen', () =>
      reachPort('127.0.0.1', this.port).then(
        () => true,
        () => false,
      ),
    );
    return this;
  }

  async stop(): Promise<void> {
    if (this.#process === undefined) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    this.#process = undefined;
    await ended;
  }

  /** Sends one command, such as `FLUSHALL`. */
  async command(name: string, ...args: string[]): Promise<unknown> {
    const client = new Redis({ host: '127.0.0.1', port: this.port });
    try {
      return await client.call(name, ...args);
    } finally {
      client.disconnect();
    }
  }

  /** Makes it a replica of a server that does not exist: it refuses all writes with READONLY. */
  async refuseWrites(): Promise<void> {
    await this.command('REPLICAOF', '127.0.0.1', '1');
  }

  async takeWrites(): Promise<void> {
    await this.command('REPLICAOF', 'NO', 'ONE');
  }

  /** It keeps its connections, and answers nothing. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}
