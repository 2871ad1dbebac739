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

/** Version of the installed wrk; undefined if none is installed. */
export const wrkVersion = /^wrk (\S+)/.exec(
  spawnSync('wrk', ['--version']).stdout?.toString(),
)?.[1];

/** The compiler doesn't copy the Lua script, so it is still beside the source. */
const SCRIPT = fileURLToPath(new URL('../../load/wrk.lua', import.meta.url));

/** The output of the script. */
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
  // wrk takes whole seconds only, so it gets more time than it needs and is stopped.
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
