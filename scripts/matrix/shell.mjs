// Runs programs of a row, each with a limit, and with the Node of the row.
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { delimiter, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const LIMIT = 300_000;
/** How long a server may take to answer for the first time, in ms. */
const START_LIMIT = 90_000;

/** A program failed; `output` is what it printed. */
export class Failure extends Error {
  constructor(message, output = '') {
    super(message);
    this.output = output;
  }
}

/** The environment in which `node` is this one. */
function environment(node, extra) {
  const { NODE_OPTIONS: _, PORT: __, ...rest } = process.env;
  const path = `${dirname(node)}${delimiter}${process.env.PATH}`;
  return { ...rest, PATH: path, CI: 'true', NO_COLOR: '1', FORCE_COLOR: '0', ...extra };
}

/** Resolves to what the program printed. @throws Failure if it fails or takes too long */
export function run(folder, node, [program, ...args], extra = {}) {
  return new Promise((resolve, reject) => {
    const options = {
      cwd: folder,
      env: environment(node, extra),
      timeout: LIMIT,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024 * 1024,
    };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Failure([program, ...args].join(' '), stdout + stderr));
    });
    child.stdin?.end();
  });
}

/**
 * Starts a server, gets `path` from it, and stops it. Resolves to status and body.
 *
 * @throws Failure if it exits, or does not answer in time
 */
export async function ask(folder, node, [program, ...args], path) {
  const port = await freePort();
  const server = spawn(program, args, {
    cwd: folder,
    env: environment(node, { PORT: String(port) }),
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own group, so that what it starts is stopped, too.
    detached: true,
  });
  let output = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (data) => (output += String(data)));
  }
  const exited = new Promise((resolve) => server.once('close', () => resolve(undefined)));
  let answer;
  try {
    answer = await firstAnswer(`http://127.0.0.1:${port}${path}`, server);
    // Nest logs an error after it has answered.
    if (answer?.status !== 200) await sleep(500);
  } finally {
    killGroup(server.pid);
    // By then, all that it printed is read.
    await exited;
  }
  if (answer !== undefined) return { ...answer, output };
  throw new Failure('the app exited, or did not answer in time', output);
}

function killGroup(pid) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has exited.
  }
}

/** Undefined if the server exits, or does not answer in time. */
async function firstAnswer(url, server) {
  const deadline = Date.now() + START_LIMIT;
  while (Date.now() < deadline && server.exitCode === null) {
    const signal = AbortSignal.timeout(START_LIMIT);
    const response = await fetch(url, { signal }).catch(() => undefined);
    if (response !== undefined) return { status: response.status, body: await response.text() };
    await sleep(100);
  }
  return undefined;
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
