import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { FuturesModuleOptions } from '../../src/index.js';
import type { AdapterName } from '../support/app.js';
import type { TestQueue } from '../bullmq/support.js';
import { Gate } from '../support/gate.js';
import { until, within } from '../support/wait.js';

/** Workers of each pool of a server. */
export const WORKERS = 2;

/** ms that an answer may take; a worker is given 5 s to claim what it was sent. */
export const LIMIT = 20_000;

/** How much of what a server writes to stderr is kept, in characters. */
const TAIL = 4_000;

export interface ServerOptions {
  readonly adapter: AdapterName;
  readonly queue?: TestQueue;
  readonly futures?: FuturesModuleOptions;
  /** Whether the threads are of a piscina that the app owns. */
  readonly ownPool?: boolean;
  /** NODE_OPTIONS of its child processes alone. */
  readonly childOptions?: string;
  /** By how many ms its wall clock steps when it has started. */
  readonly clockStep?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Code, path and message of the module's error, where it is one. */
  readonly code: string | undefined;
  readonly path: string | undefined;
  readonly reason: string | undefined;
}

/** A task of a file, as `POST /run` takes it. */
export interface Run {
  readonly executor: string;
  readonly file: URL;
  readonly task: string;
  readonly idempotent?: boolean;
  readonly args?: readonly unknown[];
  /** Name of an odd value to be passed, as `args[0].given.odd`. */
  readonly odd?: string;
  /** In ms; 5 s by default. */
  readonly timeout?: number;
}

/** An app in a process of its own, which hostile tasks and values may end without ending the test. */
export class HostileServer {
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  #url = '';
  #errors = '';
  #innocents = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exit = once(child, 'exit');
    child.stderr?.setEncoding('utf8').on('data', (part: string) => {
      this.#errors = (this.#errors + part).slice(-TAIL);
    });
  }

  static async start({ env, futures, ...options }: ServerOptions): Promise<HostileServer> {
    const file = fileURLToPath(new URL('./app/server.js', import.meta.url));
    const pool = { max: WORKERS };
    const argument = { ...options, futures: { threads: pool, processes: pool, ...futures } };
    const child = fork(file, [JSON.stringify(argument)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
      env: { ...process.env, NO_COLOR: '1', ...env },
    });
    const server = new HostileServer(child);
    const [url] = (await server.#unlessItEnds('the start', once(child, 'message'))) as [string];
    server.#url = url;
    return server;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  post(what: string, path: string, body: string, limit = LIMIT): Promise<Answer> {
    return this.#ask(
      what,
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      limit,
    );
  }

  get(what: string, path: string): Promise<Answer> {
    return this.#ask(what, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`, LIMIT);
  }

  run({ args = [], ...run }: Run): Promise<Answer> {
    const what = `the answer to ${run.task}() on ${run.executor}`;
    return this.post(what, '/run', JSON.stringify({ ...run, args }));
  }

  /** Fails unless a request that does nothing odd is answered with its own value. */
  async expectInnocent(executor: string): Promise<void> {
    const n = ++this.#innocents;
    const what = `the innocent request to ${executor}`;
    const { status, body, reason } = await this.get(what, `/innocent/${executor}/${n}`);
    const expected = JSON.stringify({ sum: n + 1 });
    if (status === 200 && body === expected) return;
    throw new Error(`${what} must be 200 ${expected}, but is ${status} ${body} ${reason ?? ''}`);
  }

  /** Fails unless as many tasks run at once as there may be workers, and nothing else is left. */
  async expectWhole(executor: string): Promise<void> {
    const gate = await Gate.make(WORKERS);
    const what = `${WORKERS} tasks on ${executor} at once`;
    const { status, body } = await this.get(what, `/together/${executor}/${gate.port}/${WORKERS}`);
    await gate.close();
    const workers = new Set(status === 200 ? (JSON.parse(body) as string[]) : []);
    if (workers.size !== WORKERS) throw new Error(`${what}: ${status} ${body}`);
    await this.#expectIdle(executor);
  }

  /** Ends it in order; fails if it does not end, or leaves processes behind. */
  async close(): Promise<void> {
    const children = this.children();
    this.#child.kill('SIGTERM');
    await within('the end of the server after SIGTERM', this.#exit);
    await until('the end of its child processes', () => !children.some(isRunning));
  }

  /** Ends it, and its child processes, whatever they do. */
  async kill(): Promise<void> {
    const children = this.children();
    this.killAlone();
    for (const pid of children.filter(isRunning)) process.kill(pid, 'SIGKILL');
    await within('the end of the server after SIGKILL', this.#exit);
  }

  /** Ends it by SIGKILL, so that it cannot end its child processes. */
  killAlone(): void {
    if (!this.hasEnded) this.#child.kill('SIGKILL');
  }

  /** Linux lists them in /proc. */
  children(): number[] {
    if (this.hasEnded) return [];
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8');
    return children.split(' ').filter(Boolean).map(Number);
  }

  /** How Node reports an error that nobody has caught, less most of its stack. */
  #lastWords(): string {
    const start = this.#errors.search(/^(file:|node:|\/).*:\d+$/m);
    return this.#errors.slice(start).split('\n').slice(0, 8).join('\n');
  }

  async #expectIdle(executor: string): Promise<void> {
    let stats: Load | undefined;
    await until(
      () => `the end of all calls on ${executor}: ${JSON.stringify(stats)}`,
      async () => {
        const { body } = await this.get('the statistics', '/stats');
        stats = (JSON.parse(body) as Record<string, Load | undefined>)[executor];
        return stats?.running === 0 && stats.queued === 0;
      },
    );
  }

  /** Asks for `/goodbye` on the same connection as well: a second answer would come in between. */
  async #ask(what: string, request: string, limit: number): Promise<Answer> {
    const { hostname, port } = new URL(this.#url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.write(request);
    socket.write('GET /goodbye HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    try {
      return await this.#unlessItEnds(what, text(socket).then(parse), limit);
    } finally {
      socket.destroy();
    }
  }

  async #unlessItEnds<Value>(what: string, promise: Promise<Value>, limit = LIMIT): Promise<Value> {
    const ended = this.#exit.then(() => {
      const { exitCode, signalCode } = this.#child;
      throw new Error(
        `${what}: the server ended (${exitCode ?? signalCode}): ${this.#lastWords()}`,
      );
    });
    const settled = promise.catch(async (error: Error) => {
      // If the server has crashed, that is known a little later than its connections are closed.
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 500))]);
      throw new Error(`${what}: ${error.message}`);
    });
    return within(what, Promise.race([settled, ended]), limit);
  }
}

interface Load {
  readonly running: number;
  readonly queued: number;
}

/** Whether the process still runs; one that has ended and that nobody has waited for does not. */
export function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

function parse(received: string): Answer {
  const [answer = '', goodbye = '', ...more] = received.split(/(?=HTTP\/1\.1 )/);
  // A server may close the connection behind a request that it refuses to read.
  const isLast = /^connection: close\r$/im.test(answer) && goodbye === '';
  if (!(isLast || goodbye.endsWith('goodbye')) || more.length > 0) {
    throw new Error(`not one answer to each request, but: ${received.slice(0, 2_000)}`);
  }
  const [head, body] = splitOnce(answer, '\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = new Map(
    lines.map((line) => splitOnce(line, ': ')).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const own = (name: string) => {
    const value = headers.get(`x-${name}`);
    return value === undefined ? undefined : decodeURI(value);
  };
  const status = Number(first.split(' ')[1]);
  return { status, headers, body, code: own('code'), path: own('path'), reason: own('reason') };
}

function splitOnce(line: string, separator: string): [string, string] {
  const at = line.indexOf(separator);
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + separator.length)];
}
