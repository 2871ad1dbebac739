import { setTimeout } from 'node:timers/promises';
import { Client } from './client.js';
import { ROUTES } from './routes.js';
import { ServerProcess, type ServerReport, type Variant } from './server-process.js';
import { Tally } from './tally.js';

/*
 * npm run chaos -- [minutes]: mixed requests, while a worker is killed every 100 ms and clients hang
 * up at random. Ends with 1 if any request was lost, answered twice, or answered wrongly.
 */

const KILL_EVERY = 100;
/** Each asks for one thing at a time. */
const CLIENTS = 48;

const VARIANTS: readonly Variant[] = [
  { adapter: 'express', pool: 'module' },
  { adapter: 'fastify', pool: 'module' },
  { adapter: 'express', pool: 'own' },
  { adapter: 'fastify', pool: 'own' },
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
  const clients = Array.from({ length: CLIENTS }, () => new Client(server.url, tally));
  await Promise.all(clients.map((client) => client.askUntil(end)));
  clearInterval(killer);

  const report = await server.reportWhenIdle();
  const runTwice = server.countRunTwice();
  const problems = [
    ...tally.problems,
    ...(runTwice > 0 ? [`${runTwice} tasks ran twice that must not`] : []),
    ...(server.processesKilled === 0 ? ['no process was killed'] : []),
    ...problemsOf(report),
    ...(await problemsInPeace(server)),
  ];
  const problemAtEnd = await server.end();
  if (problemAtEnd !== undefined) problems.push(problemAtEnd);

  print(
    `\n${variant.adapter}; the thread pool is ${variant.pool === 'own' ? "the app's" : "the module's"}`,
  );
  console.table(tally.table);
  console.table({
    ...tally.totals,
    'run twice': runTwice,
    'threads killed': report?.threadsKilled,
    'processes killed': server.processesKilled,
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

/** When nothing is killed any more, each route must be right. */
async function problemsInPeace(server: ServerProcess): Promise<string[]> {
  if (!server.isAlive) return [];
  await setTimeout(KILL_EVERY);
  const tally = new Tally(ROUTES);
  const client = new Client(server.url, tally);
  for (const route of ROUTES) await client.ask(route);
  client.hangUp();
  return tally.problems.map((problem) => `in peace, ${problem}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
