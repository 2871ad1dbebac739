import { parseArgs } from 'node:util';
import type { AdapterName, Benchmark, Settings } from './benchmark.js';

export interface CommandLine {
  readonly settings: Settings;
  readonly benchmarks: readonly Benchmark[];
  /** The JSON file to write the figures to. */
  readonly json: string | undefined;
}

export const USAGE = `npm run bench -- [NAME...] [options]
  --rounds N      how often each contender is measured (default: 6)
  --seconds S     how long, in each round (default: 0.7)
  --adapter NAME  fastify or express (default: both)
  --json FILE     writes the figures as JSON`;

/** @throws Error that says what is wrong */
export function readCommandLine(args: readonly string[], known: readonly Benchmark[]): CommandLine {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '6' },
      seconds: { type: 'string', default: '0.7' },
      adapter: { type: 'string', multiple: true, default: ['fastify', 'express'] },
      json: { type: 'string' },
    },
  });
  const benchmarks = positionals.map((name) => named(name, known));
  return {
    settings: {
      rounds: positive('--rounds', values.rounds),
      seconds: positive('--seconds', values.seconds),
      adapters: values.adapter.map(adapterOf),
      isNamed: benchmarks.length > 0,
    },
    benchmarks: benchmarks.length > 0 ? benchmarks : known,
    json: values.json,
  };
}

function named(name: string, known: readonly Benchmark[]): Benchmark {
  const benchmark = known.find((each) => each.name === name);
  if (benchmark !== undefined) return benchmark;
  throw new Error(
    `There is no benchmark "${name}". The benchmarks are: ${known.map((each) => each.name).join(', ')}.`,
  );
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (value > 0 && (option !== '--rounds' || Number.isInteger(value))) return value;
  throw new Error(`${option} must be a positive number, but is "${text}".`);
}

function adapterOf(name: string): AdapterName {
  if (name === 'fastify' || name === 'express') return name;
  throw new Error(`--adapter must be fastify or express, but is "${name}".`);
}
