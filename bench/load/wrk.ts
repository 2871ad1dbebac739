import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  checkResponses,
  type Faults,
  type Load,
  type LoadResult,
  type Requests,
} from './requests.js';

/** Version of the wrk that is installed; undefined if none is. */
export const wrkVersion = /^wrk (\S+)/.exec(
  spawnSync('wrk', ['--version']).stdout?.toString(),
)?.[1];

/** Lua is not compiled: it stays beside the source. */
const SCRIPT = fileURLToPath(new URL('../../load/wrk.lua', import.meta.url));

/** What the script prints. */
interface Summary extends Faults {
  readonly requests: number;
  /** In µs. */
  readonly duration: number;
}

export async function loadByWrk({ seconds, runUp, ...requests }: Load): Promise<LoadResult> {
  const before = await run(requests, runUp);
  const { requests: count, duration } = await run(requests, seconds);
  if (count === 0) throw new Error(`${requests.url}: no response in ${seconds} s.`);
  return { responses: before.requests + count, throughput: count / (duration / 1e6) };
}

async function run(requests: Requests, seconds: number): Promise<Summary> {
  const { url, connections, body } = requests;
  // It takes whole seconds: it is told to stop, and is given more than it needs.
  const duration = `${Math.ceil(seconds) + 10}s`;
  const options = ['--threads', '1', '--connections', `${connections}`, '--timeout', '60s'];
  const args = [...options, '--duration', duration, '--script', SCRIPT, url, '--', body];
  const wrk = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const output = text(wrk.stdout);
  await setTimeout(seconds * 1000);
  wrk.kill('SIGINT');
  const printed = /^\{.*\}$/m.exec(await output)?.[0];
  if (printed === undefined) throw new Error(`wrk gave no figures of ${url}:\n${await output}`);
  const summary = JSON.parse(printed) as Summary;
  checkResponses(requests, summary);
  return summary;
}
