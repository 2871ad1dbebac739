import { setTimeout } from 'node:timers/promises';
import { Client } from './client.js';
import { WORKERS } from './limits.js';
import { ROUTES, type Route } from './routes.js';
import {
  ServerProcess,
  type ServerReport,
  type Variant,
  type WorkerCount,
} from './server-process.js';
import { Tally } from './tally.js';

/*
 * npm run chaos -- [minutes]: mixed requests, while a worker is killed every 100 ms and clients hang
 * up at random. Ends with 1 if any request was lost, answered twice, or answered wrongly.
 */

const KILL_EVERY = 100;
/** How often a task leaves its worker in an endless loop, in ms. */
const STUCK_EVERY = 6_000;
/** Each asks for one thing at a time. */
const CLIENTS = 48;

const VARIANTS: readonly Variant[] = [
  { adapter: 'express', pool: 'module', protocol: 'http1' },
  { adapter: 'fastify', pool: 'module', protocol: 'http1' },
  { adapter: 'fastify', pool: 'module', protocol: 'http2' },
  { adapter: 'express', pool: 'own', protocol: 'http1' },
  { adapter: 'fastify', pool: 'own', protocol: 'http1' },
];

const minutes = Number(process.argv[2] ?? 1);
if (!(minutes > 0)) throw new Error(`The minutes must be a number over 0, but are ${minutes}.`);

let isWell = true;
for (const variant of VARIANTS) {
  const problems = await run(variant, (minutes * 60_000) / VARIANTS.length);
  for (const problem of problems) print(`  PROBLEM: ${problem}`);
  isWell &&= problems.length === 0;
}
print(isWell ? 'Nothing was lost.' : 'There were problems.');
process.exitCode = isWell ? 0 : 1;

/** Resolves to what must not be. */
async function run(variant: Variant, duration: number): Promise<string[]> {
  const server = await ServerProcess.start(variant);
  const tally = new Tally(ROUTES);
  const end = performance.now() + duration;
  const killer = setInterval(() => server.killAWorker(), KILL_EVERY);
  const startClient = () => new Client(server.url, tally, undefined, variant.protocol);
  const clients = Array.from({ length: CLIENTS }, startClient);
  await Promise.all([
    ...clients.map((client) => client.askUntil(end)),
    leaveLoops(startClient(), end),
  ]);
  clearInterval(killer);

  const report = await server.reportWhenIdle();
  const runTwice = server.countRunTwice();
  const problems = [
    ...tally.problems,
    ...(runTwice > 0 ? [`${runTwice} tasks ran twice that must not`] : []),
    ...(server.processesKilled === 0 ? ['no process was killed'] : []),
    ...problemsOf(report),
    ...(await problemsInPeace(server, variant)),
  ];
  const workers = await server.countWorkers();
  problems.push(...problemsOfPools(workers));
  const problemAtEnd = await server.end();
  if (problemAtEnd !== undefined) problems.push(problemAtEnd);

  print(
    `\n${variant.adapter} (${variant.protocol}); the thread pool is ${variant.pool === 'own' ? "the app's" : "the module's"}`,
  );
  console.table(tally.table);
  console.table({
    ...tally.totals,
    'run twice': runTwice,
    'threads killed': report?.threadsKilled,
    'processes killed': server.processesKilled,
    'threads at once, at the end': workers?.threads,
    'processes at once, at the end': workers?.processes,
  });
  return problems.length > 0 ? [...problems, ...tally.samples] : [];
}

function problemsOf(report: ServerReport | undefined): string[] {
  if (report === undefined) return [];
  const { busy, loggedTwice, threadsKilled, unexpectedLog } = report;
  return [
    ...(busy > 0 ? [`${busy} calls still run or wait after the last answer`] : []),
    ...(loggedTwice > 0 ? [`${loggedTwice} errors were logged twice`] : []),
    ...(threadsKilled === 0 ? ['no thread was killed'] : []),
    ...unexpectedLog.slice(0, 5).map((entry) => `logged: ${entry}`),
  ];
}

/** Asks one by one for what leaves an endless loop in a worker. */
async function leaveLoops(client: Client, end: number): Promise<void> {
  const routes = ROUTES.filter(({ weight }) => weight === 0);
  for (let i = 0; performance.now() < end - STUCK_EVERY; i++) {
    await client.ask(routes[i % routes.length] as Route);
    await setTimeout(STUCK_EVERY);
  }
  client.hangUp();
}

function problemsOfPools(workers: WorkerCount | undefined): string[] {
  if (workers === undefined) return [];
  return (['threads', 'processes'] as const)
    .filter((pool) => workers[pool] !== WORKERS)
    .map((pool) => `at the end, ${workers[pool]} of ${WORKERS} ${pool} run tasks at once`);
}

/** When nothing is killed any more, each route must be right. */
async function problemsInPeace(server: ServerProcess, { protocol }: Variant): Promise<string[]> {
  if (!server.isAlive) return [];
  await setTimeout(KILL_EVERY);
  const tally = new Tally(ROUTES);
  const client = new Client(server.url, tally, undefined, protocol);
  for (const route of ROUTES) await client.ask(route);
  client.hangUp();
  return tally.problems.map((problem) => `in peace, ${problem}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
