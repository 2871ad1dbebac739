import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Protocol } from './client.js';

export interface Variant {
  readonly adapter: 'express' | 'fastify';
  /** Whose the thread pool is: the app's own, given to the module, or the module's. */
  readonly pool: 'own' | 'module';
  readonly protocol: Protocol;
}

/** How many tasks run at once in each pool. */
export interface WorkerCount {
  readonly threads: number;
  readonly processes: number;
}

export interface ServerReport {
  readonly threadsKilled: number;
  /** Calls that run or wait. */
  readonly busy: number;
  /** Keys whose error was logged more than once. */
  readonly loggedTwice: number;
  /** What was logged that is not the death of a worker. */
  readonly unexpectedLog: readonly string[];
}

export type ServerMessage =
  | { readonly type: 'ready'; readonly url: string }
  | ({ readonly type: 'report' } & ServerReport)
  | ({ readonly type: 'workers' } & WorkerCount);

/** What a server leaves behind. */
class Files {
  readonly #folder = mkdtempSync(join(tmpdir(), 'chaos-'));
  /** A line for each time that a task has run which must not run twice. */
  readonly runs = join(this.#folder, 'runs.txt');
  /** What it, and its workers in their agony, have to say. */
  readonly errors = join(this.#folder, 'stderr.txt');

  constructor() {
    writeFileSync(this.runs, '');
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** Seconds a server may take to end when it is told to. */
const TIME_TO_END = 20;

/** A server, as the runner sees it. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #files: Files;
  processesKilled = 0;

  private constructor(
    child: ChildProcess,
    files: Files,
    readonly url: string,
  ) {
    this.#child = child;
    this.#files = files;
  }

  static async start({ adapter, pool, protocol }: Variant): Promise<ServerProcess> {
    const file = fileURLToPath(new URL('./server.js', import.meta.url));
    const files = new Files();
    const errors = openSync(files.errors, 'w');
    const child = fork(file, [adapter, pool, protocol], {
      stdio: ['ignore', 'inherit', errors, 'ipc'],
      env: { ...process.env, CHAOS_RUNS: files.runs },
    });
    closeSync(errors);
    const [message] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error(`The ${adapter} server ended.`))),
    ])) as [ServerMessage];
    if (message.type !== 'ready') throw new Error('The server spoke before it was ready.');
    return new ServerProcess(child, files, message.url);
  }

  /** Kills a thread or a process, either as likely. */
  killAWorker(): void {
    if (!this.isAlive) return;
    if (Math.random() < 0.5) this.#child.send('kill a thread');
    else this.#killAProcess();
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** How many tasks that must not run twice have done so. */
  countRunTwice(): number {
    const runs = readFileSync(this.#files.runs, 'utf8').split('\n').filter(Boolean);
    return runs.length - new Set(runs).size;
  }

  /** Resolves when no call runs or waits, or after 10 s; to undefined if the server has ended. */
  async reportWhenIdle(): Promise<ServerReport | undefined> {
    let report = await this.#ask<ServerReport>('report');
    for (let i = 0; i < 100 && report !== undefined && report.busy > 0; i++) {
      await setTimeout(100);
      report = await this.#ask<ServerReport>('report');
    }
    return report;
  }

  /** Resolves to undefined if the server has ended. */
  countWorkers(): Promise<WorkerCount | undefined> {
    return this.#ask<WorkerCount>('count workers');
  }

  /** Tells it to end; resolves to what was wrong with that. */
  async end(): Promise<string | undefined> {
    try {
      return await this.#end();
    } finally {
      this.#files.remove();
    }
  }

  async #end(): Promise<string | undefined> {
    if (!this.isAlive) {
      const { exitCode, signalCode } = this.#child;
      const said = readFileSync(this.#files.errors, 'utf8').slice(-2_000);
      return `the server had ended by itself (${exitCode ?? signalCode}): ${said}`;
    }
    const workers = this.#children();
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const hasEnded = await Promise.race([
      exit.then(() => true),
      setTimeout(TIME_TO_END * 1_000, false, { ref: false }),
    ]);
    if (!hasEnded) {
      this.#child.kill('SIGKILL');
      return `the server did not end within ${TIME_TO_END} s after SIGTERM`;
    }
    const left = workers.filter(isRunning);
    return left.length > 0 ? `${left.length} processes outlived the server` : undefined;
  }

  async #ask<Told>(question: string): Promise<Told | undefined> {
    if (!this.isAlive) return undefined;
    this.#child.send(question);
    const [message] = (await Promise.race([
      once(this.#child, 'message'),
      once(this.#child, 'exit').then(() => []),
    ])) as [Told?];
    return message;
  }

  #killAProcess(): void {
    const pids = this.#children();
    const pid = pids[Math.floor(Math.random() * pids.length)];
    if (pid === undefined) return;
    try {
      process.kill(pid, 'SIGKILL');
      this.processesKilled++;
    } catch {
      // It has just ended.
    }
  }

  /** Linux tells in /proc. */
  #children(): number[] {
    const { pid } = this.#child;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children.split(' ').filter(Boolean).map(Number);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
