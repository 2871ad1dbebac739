import { readFileSync } from 'node:fs';
import type { Benchmark, Measured, Settings } from '../benchmark.js';
import { summarize, type Summary } from '../statistics.js';
import { thisMachine, type Machine } from './machine.js';

/** One row of a table. */
export interface Row extends Measured {
  readonly summary: Summary;
}

export interface Section {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly Row[];
}

/** The results of a run: the content of the JSON file. */
export interface Report {
  /** ISO 8601. */
  readonly date: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  readonly sections: readonly Section[];
}

export async function runSection(benchmark: Benchmark, settings: Settings): Promise<Section> {
  const { name, title } = benchmark;
  const measured = await benchmark.run(settings);
  return {
    name,
    title,
    rows: measured.map((each) => Object.assign(each, { summary: summarize(each) })),
  };
}

export function createReport(settings: Settings, sections: readonly Section[]): Report {
  const { rounds, seconds } = settings;
  return { date: new Date().toISOString(), machine: thisMachine(), rounds, seconds, sections };
}

/** @param file path of a JSON file from a run */
export function readReport(file: string): Report {
  return JSON.parse(readFileSync(file, 'utf8')) as Report;
}
